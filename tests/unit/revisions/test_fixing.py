"""`headgate.revisions.fixing`: what `--fix` writes passes the review, and what does not pass is put back."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from headgate import gate
from headgate.errors import HeadgateError
from headgate.project import Project
from headgate.report.model import Check, Finding, Report, Severity, Status
from headgate.revisions.fixing import fix
from tests.projects import ENV, FIRST, SECOND, Made, make_project, revision

CREATE = revision(
    FIRST,
    None,
    'op.create_table("entries", sa.Column("id", sa.Integer(), primary_key=True), sa.Column("note", sa.Text()))',
    'op.drop_table("entries")',
)
INDEX = revision(
    SECOND,
    FIRST,
    '# the search reads all of them\nop.create_index("ix_entries_note", "entries", ["note"])  # by note',
    'op.drop_index("ix_entries_note", table_name="entries")',
)
# What is repaired here is not how long a lock is waited for.
LIMITED = ENV.replace("poolclass=", 'connect_args={"options": "-c lock_timeout=2s"}, poolclass=')
GONE = "headgate: allow index-not-concurrent until 2020-01-31 because the table was small then"
NAME = f"{SECOND}_change_the_schema.py"


def judging(made: Made) -> Callable[[], tuple[Project, Report]]:
    """The review of a project as it is when it is asked for."""

    def judge() -> tuple[Project, Report]:
        found = made.find()
        return found, gate.run(found, (*gate.REVIEW, gate.rollback))

    return judge


def make(folder: Path, source: str = INDEX, env: str = LIMITED) -> Made:
    """A project with one merged revision and one new one."""
    made = make_project(folder / "project", {f"{FIRST}_create_entries.py": CREATE}, env=env, settings="", commit=True)
    (made.versions / NAME).write_bytes(source.encode())
    return made


def test_what_is_written_passes_the_review(tmp_path: Path) -> None:
    """The safe form is believed because it was rehearsed, and what is not repaired by it is told."""
    made = make(tmp_path)
    before = {finding.rule: finding for finding in judging(made)()[1].findings}
    assert before["index-not-concurrent"].fixable
    assert before["index-not-concurrent"].diff[:2] == (
        '- op.create_index("ix_entries_note", "entries", ["note"])  # by note',
        "+ with op.get_context().autocommit_block():",
    )

    outcome = fix(judging(made))

    assert [finding.rule for finding in outcome.report.findings if finding.severity is Severity.ERROR] == []
    assert outcome.left == ()
    (fixed,) = outcome.fixed
    assert (fixed.path, fixed.count) == (f"alembic/versions/{NAME}", 1)
    text = (made.versions / NAME).read_text()
    assert "    # the search reads all of them\n    with op.get_context().autocommit_block():\n" in text
    assert text.count("postgresql_concurrently=True") == 3
    assert "  # by note\n" in text
    assert "\n".join(fixed.diff).count("\n+") == text.count("\n") - INDEX.count("\n") + 3


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"# {GONE}\n" + 'op.create_index("ix_entries_note", "entries", ["note"])', ""),
        ('op.create_index("ix_entries_note", "entries", ["note"])' + f"  # {GONE}", ""),
        (f"# by note\n# {GONE}\n" + 'op.create_index("ix_entries_note", "entries", ["note"])', "    # by note\n"),
    ],
)
def test_an_ended_consent_goes_with_what_it_was_about(before: str, after: str, tmp_path: Path) -> None:
    """Left beside the safe form it would be the next finding, and would say of it what is not so."""
    source = revision(SECOND, FIRST, before, 'op.drop_index("ix_entries_note", table_name="entries")')
    made = make(tmp_path, source)

    outcome = fix(judging(made))

    text = (made.versions / NAME).read_text()
    assert "headgate: allow" not in text
    assert f"-> None:\n{after}    with op.get_context().autocommit_block():\n" in text
    assert [finding.rule for finding in outcome.report.findings if finding.severity is Severity.ERROR] == []


def test_a_consent_to_something_else_stays(tmp_path: Path) -> None:
    """It is not for the rewriting to say that it is wrong."""
    other = GONE.replace("index-not-concurrent", "unique-build")
    source = revision(SECOND, FIRST, f"# {other}\n" + 'op.create_index("ix_entries_note", "entries", ["note"])')
    made = make(tmp_path, source)

    fix(judging(made))

    assert f"# {other}\n" in (made.versions / NAME).read_text()


def test_the_risk_that_the_header_tells_is_left_and_said(tmp_path: Path) -> None:
    """Somebody wrote it, perhaps with reasons; only they know what of it is still so."""
    made = make(tmp_path)

    (fixed,) = fix(judging(made)).fixed

    assert fixed.risk == "catalog change only."
    assert "Risk: catalog change only.\n" in (made.versions / NAME).read_text()


def test_a_second_run_writes_nothing(tmp_path: Path) -> None:
    """A repair that goes on repairing itself would never be reviewed."""
    made = make(tmp_path)
    fix(judging(made))
    text = (made.versions / NAME).read_bytes()

    outcome = fix(judging(made))

    assert (outcome.fixed, outcome.left) == ((), ())
    assert (made.versions / NAME).read_bytes() == text


def test_lines_keep_their_ends(tmp_path: Path) -> None:
    """A file of a Windows checkout would otherwise change in every line, and lose its mark."""
    made = make(tmp_path, "\ufeff" + INDEX.replace("\n", "\r\n"))

    assert len(fix(judging(made)).fixed) == 1

    data = (made.versions / NAME).read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    assert data.count(b"\n") == data.count(b"\r\n")


def test_a_form_that_does_not_run_is_put_back(tmp_path: Path) -> None:
    """An env.py that opened the transaction itself cannot leave it for an autocommit_block."""
    begun = LIMITED.replace(".connect() as connection", ".begin() as connection")
    made = make(tmp_path, env=begun)

    outcome = fix(judging(made))

    assert (made.versions / NAME).read_text() == INDEX
    assert outcome.fixed == ()
    (left,) = outcome.left
    assert left.rule == "index-not-concurrent"
    assert left.why.startswith("the rewritten file did not pass the review, so it is as it was: ")
    assert "index-not-concurrent" in {finding.rule for finding in outcome.report.findings}


@pytest.mark.parametrize("stopped", [KeyboardInterrupt(), HeadgateError("env.py ended the process.", "Run it.")])
def test_a_form_that_was_not_reviewed_is_put_back(tmp_path: Path, stopped: BaseException) -> None:
    """Who stops the review must not find a file that nobody has looked at."""
    made = make(tmp_path)
    answers = [judging(made)()]

    def judge() -> tuple[Project, Report]:
        if not answers:
            raise stopped
        return answers.pop()

    with pytest.raises(type(stopped)):
        fix(judge)

    assert (made.versions / NAME).read_text() == INDEX


def test_a_name_that_a_convention_makes_is_validated_by_that_name(tmp_path: Path) -> None:
    """The file says `positive`, the database has `ck_entries_positive`."""
    check = revision(
        SECOND,
        FIRST,
        'op.create_check_constraint("positive", "entries", "id > -3000000000")',
        'op.drop_constraint("positive", "entries", type_="check")',
    )
    made = make(tmp_path, check)
    models = (made.root / "models.py").read_text()
    convention = '{"ck": "ck_%(table_name)s_%(constraint_name)s", "pk": "%(table_name)s_pkey"}'
    (made.root / "models.py").write_text(models.replace("MetaData()", f"MetaData(naming_convention={convention})"))

    outcome = fix(judging(made))

    assert outcome.left == ()
    assert [finding for finding in outcome.report.findings if finding.severity is Severity.ERROR] == []
    assert "VALIDATE CONSTRAINT ck_entries_positive" in (made.versions / NAME).read_text()


def test_what_stands_in_a_loop_is_explained(tmp_path: Path) -> None:
    """A reason is worth more than a form that is wrong for half of the rounds."""
    loop = 'for name in ("note", "id"):\n    op.create_index(f"ix_{name}", "entries", [name])'
    made = make(
        tmp_path, revision(SECOND, FIRST, loop, loop.replace("create", "drop").replace(', "entries", [name]', ""))
    )

    outcome = fix(judging(made))

    assert outcome.fixed == ()
    assert {left.why for left in outcome.left} == {"the statement stands in a loop: write it out once for each round"}
    assert not any(finding.fixable for finding in outcome.report.findings)


def test_a_merged_file_is_left_as_it_is(tmp_path: Path) -> None:
    """It has run elsewhere; who has it would never get what is written into it now."""
    made = make(tmp_path)
    made.commit("merged")
    (made.root / "pyproject.toml").write_text('[tool.headgate]\njudge = "all"\n')

    outcome = fix(judging(made))

    assert (made.versions / NAME).read_text() == INDEX
    assert [left.why for left in outcome.left] == [
        "the revision is merged, and has run elsewhere as it is: write a new one"
    ]
    assert not any(finding.fixable for finding in outcome.report.findings)


def test_a_precondition_is_declared_with_its_query(tmp_path: Path) -> None:
    """What the rehearsal found out about rows is what the real database is asked before the upgrade."""
    made = make(tmp_path)
    found = made.find()
    facts = {"no NULL in entries.note": "SELECT count(*) FROM entries WHERE note IS NULL"}
    path = f"alembic/versions/{NAME}"
    finding = Finding("set-not-null", Severity.WARNING, "it fails", path, 17, SECOND, kind="precondition", facts=facts)
    answers = [Report((Check("rules", Status.PASSED, "", (finding,)),)), Report(())]

    outcome = fix(lambda: (found, answers.pop(0) if answers else Report(())))

    assert [fixed.path for fixed in outcome.fixed] == [path]
    revised = made.find().revisions[SECOND].source
    assert (
        'preconditions = {\n    "no NULL in entries.note": "SELECT count(*) FROM entries WHERE note IS NULL",\n}\n'
        in revised
    )


def test_a_file_that_changed_meanwhile_is_not_touched(tmp_path: Path) -> None:
    """The line of a finding would be another one."""
    made = make(tmp_path)
    judge = judging(made)

    def judged() -> tuple[Project, Report]:
        result = judge()
        path = made.versions / NAME
        path.write_text(f"# saved in an editor\n{path.read_text()}")
        return result

    with pytest.raises(HeadgateError) as error:
        fix(judged)

    assert str(error.value) == (
        f"alembic/versions/{NAME} was changed while it was reviewed.\nRun inv migrate.review --fix again."
    )


def test_the_commit_hook_does_not_load_the_rewriter() -> None:
    """It must answer in under half a second, and libcst alone takes a third of that."""
    code = "import sys; import headgate.hooks, headgate.review; print('libcst' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
