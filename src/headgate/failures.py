"""Failures of a rehearsal as findings: where it stopped, what the server said, what to do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from headgate.report.model import Finding, Severity

if TYPE_CHECKING:
    from headgate.project import Project
    from headgate.rehearsal.model import Failure
    from headgate.rehearsal.rollback import Proof

__all__ = ["failed", "not_undone", "several_heads"]

_NOT_FOUND = "ModuleNotFoundError: No module named "
_LISTED = 5


def several_heads(project: Project) -> Finding:
    """Tell which heads a history has that should have one.

    Args:
        project: the Alembic project.
    """
    last = project.revisions[project.heads[-1]]
    return Finding(
        rule="multiple-heads",
        severity=Severity.ERROR,
        message=f"there are {len(project.heads)} heads, so `alembic upgrade head` stops",
        path=project.shown(last.path),
        line=last.lines.get("down_revision", 1),
        revision=last.id,
        seen=tuple(f"{id_} in {project.shown(project.revisions[id_].path)}" for id_ in project.heads),
        fix=(
            f"set down_revision of the one that is not merged yet to {project.heads[0]!r},",
            f'or join them: alembic merge -m "merge heads" {" ".join(project.heads)}',
        ),
    )


def not_undone(project: Project, server: str | None, proof: Proof) -> Iterator[Finding]:
    """Tell how a revision that upgrades does not come back, or not up again.

    Args:
        project: the Alembic project.
        server: the server that ran it, as in `PostgreSQL 18.4`.
        proof: what up, down, up showed.
    """
    file = project.revisions[proof.revision]
    definition = file.function("downgrade") or file.function("upgrade")
    where = {
        "severity": Severity.ERROR,
        "path": project.shown(file.path),
        "line": definition.lineno if definition else 1,
        "revision": proof.revision,
    }
    if proof.failure:
        step, failure = proof.failure
        what = {"down": "does not downgrade", "again": "does not upgrade again after its downgrade"}.get(step)
        if what:
            yield failed(project, server, "downgrade-fails" if step == "down" else "upgrade-again-fails", failure, what)
        if step == "down":
            return
    if left := [difference for difference in proof.not_restored if difference.change != "moved"]:
        yield Finding(
            rule="downgrade-not-inverse",
            message=f"the downgrade of {proof.revision} does not restore the schema",
            seen=tuple(d.sentence("the schema before the upgrade", "the schema after the downgrade") for d in left),
            fix=("undo in downgrade() what upgrade() did",),
            **where,  # type: ignore[arg-type]
        )
    elif other := [difference for difference in proof.not_repeated if difference.change != "moved"]:
        yield Finding(
            rule="upgrade-not-repeatable",
            message=f"upgrading {proof.revision} a second time gives another schema",
            seen=tuple(d.sentence("the first upgrade's schema", "the second upgrade's schema") for d in other),
            fix=("have downgrade() remove everything that upgrade() makes",),
            **where,  # type: ignore[arg-type]
        )


def failed(project: Project, server: str | None, rule: str, failure: Failure, what: str) -> Finding:
    """Tell why something stopped, with the statement and the line.

    Args:
        project: the Alembic project.
        server: the server that ran it.
        rule: the name of the finding.
        failure: why it stopped.
        what: what its subject does not do, as in `does not upgrade`.

    Raises:
        HeadgateError: what the project needs is not installed here, which says nothing of the revision.
    """
    file = project.revisions.get(failure.revision or "")
    path, line = failure.path, failure.line
    if path is None and file is not None:
        definition = file.function("downgrade" if rule == "downgrade-fails" else "upgrade")
        path, line = str(file.path), definition.lineno if definition else None
    _refuse_half_installed(project, failure, path, line)
    code = f"{server}: {failure.sqlstate}" if failure.sqlstate else "Python"
    seen = [f"{code}, {failure.error}"]
    if failure.noting:
        seen.insert(0, "it ran, but Alembic could not note it in the version table")
    if failure.statement:
        seen += ["statement: " + " ".join(failure.statement.split())]
    return Finding(
        rule=rule,
        severity=Severity.ERROR,
        message=_subject(rule, failure, what),
        path=project.shown(project.folder / path) if path else project.shown(project.script_folder / "env.py"),
        line=line,
        revision=failure.revision,
        seen=tuple(seen),
        fix=_fix(failure),
    )


def _refuse_half_installed(project: Project, failure: Failure, path: str | None, line: int | None) -> None:
    """A module that is not found is a slip, unless something that the project asks for is not installed."""
    if not failure.error.startswith(_NOT_FOUND):
        return
    from headgate import requirements
    from headgate.errors import HeadgateError

    for folder in dict.fromkeys((project.folder, project.config.root)):
        if names := requirements.missing(folder):
            module = failure.error.removeprefix(_NOT_FOUND).strip("'")
            where = project.shown(project.folder / path) if path else "env.py"
            listed = (
                f"{', '.join(names[:_LISTED])}{f' and {len(names) - _LISTED} more' if len(names) > _LISTED else ''}"
            )
            raise HeadgateError(
                f"{where}{f', line {line}' if line else ''} imports {module}, and of what the project needs, not"
                f" installed here: {listed}.",
                f"Install it where headgate is: {requirements.command(folder)}",
            )


def _fix(failure: Failure) -> tuple[str, ...]:
    subject = "statement" if failure.statement else "line" if failure.line else "file"
    gone = "the scratch database that it ran on is gone, nothing else was touched"
    if failure.noting:
        return ("leave the version table, search_path and the role to Alembic as the revision found them;", gone)
    if extension := _missing_extension(failure):
        from headgate.postgres import binaries

        here = [f"{one.version} ({one.source})" for one in binaries.available() if extension in one.extensions]
        offered = (f"{extension} is offered here by PostgreSQL {', '.join(here)}: set postgres to its major;",)
        return (
            *(offered if here else ()),
            f"judge on a server where {extension} is installed: HEADGATE_POSTGRES_URL=postgresql://user@host/postgres",
            f"or server_url in [tool.headgate]; {gone}",
        )
    if failure.gave_up:
        return (f"correct the {subject}, or give it longer: timeout in [tool.headgate], in seconds;", gone)
    return (f"correct the {subject}; {gone}",)


def _missing_extension(failure: Failure) -> str | None:
    """The extension that the server does not have: 0A000, and from some versions 58P01, with its name in quotes."""
    words = failure.error.split('"')
    missing = failure.sqlstate in {"0A000", "58P01"} and words[0] == "extension " and len(words) > 2
    return words[1] if missing else None


def _subject(rule: str, failure: Failure, what: str) -> str:
    if failure.revision:
        return f"revision {failure.revision} {what}"
    return f"the models {what}" if rule == "models-fail" else "env.py does not run"
