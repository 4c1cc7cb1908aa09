"""How a rule's example is judged: a text rule reads it, any other sees it run on a real server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from headgate import review
from headgate.postgres import scratch
from headgate.postgres.server import Server
from headgate.rehearsal.model import Fill
from headgate.rehearsal.preconditions import needs
from headgate.rehearsal.rollback import prove, rehearsed
from headgate.report.model import Finding
from headgate.revisions.file import read
from headgate.revisions.naming import slug
from headgate.rules.rule import Evidence, Rule
from headgate.selection import choose
from tests.projects import ENV, make_project, revision

BASE, ID = "20261120091500", "20261122170212"
ROWS = 100
# A connection as headgate's env.py helpers make it: without a lock_timeout every example would show that too.
QUIET = ENV.replace("poolclass=", 'connect_args={"options": "-c lock_timeout=2s"}, poolclass=')

Judge = Callable[..., tuple[Finding, ...]]


@pytest.fixture
def judge(tmp_path: Path, server: Server) -> Iterator[Judge]:
    """Judges an example of a rule: `judge(rule, source, name)`."""
    with ExitStack() as stack:

        def new_database(template: str | None = None) -> str:
            return stack.enter_context(scratch.database(server, template)).url()

        def run(rule: Rule, source: str, name: str | None = None) -> tuple[Finding, ...]:
            folder = tmp_path / str(len(list(tmp_path.iterdir())))
            file = name or f"{ID}_{slug(source.splitlines()[0])}.py"
            if rule.reads == "file":
                folder.mkdir()
                return _read(rule, folder / file, source)
            return _run(rule, folder, file, source, new_database)

        yield run


def _read(rule: Rule, path: Path, source: str) -> tuple[Finding, ...]:
    path.write_text(source, encoding="utf-8")
    file = read(path)
    assert file is not None, f"an example of {rule.name} is no revision"
    evidence = Evidence(
        revision=file, root=path.parent, merged_source=rule.merged, model_modules=frozenset({"backend"})
    )
    return review.judge([evidence], severities={})


def _run(rule: Rule, folder: Path, file: str, source: str, new_database: Callable[..., str]) -> tuple[Finding, ...]:
    base = revision(BASE, None, f"op.get_bind().exec_driver_sql({rule.before!r})" if rule.before else "pass")
    settings = f'rows = {ROWS}\n[tool.headgate.severities]\n"{rule.name}" = "{rule.severity}"'
    made = make_project(
        folder, {f"{BASE}_start.py": base, file: source}, settings=settings if rule.off else f"rows = {ROWS}", env=QUIET
    )
    project = choose(made.find(), revision=ID)
    proofs = prove(project, new_database, fill=Fill(ROWS), models=False)
    assert proofs.history is None, f"what {rule.name} starts from does not run: {proofs.history}"
    # What another family's example needs of the rows is not what it is about.
    needed = needs(project, new_database, proofs, fill=Fill(ROWS)) if rule.family == "rows" else {}
    change = [one for proof in proofs.proofs if (one := rehearsed(proof, "18"))]
    change = [needed[one.revision].of(one) if one.revision in needed else one for one in change]
    assert [one.revision for one in change] == [ID]
    return review.judge_rehearsed(project, change, sizes={})[0]
