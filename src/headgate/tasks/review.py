"""`migrate.review` and `migrate.sql`: what a revision did, judged and told."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from invoke.context import Context

from headgate.errors import Exit
from headgate.tasks.front import console, end, finish, print_json, progress, project, task, with_limits
from headgate.wording import counted

if TYPE_CHECKING:
    from headgate.project import Project
    from headgate.report.model import Report

__all__ = ["review", "sql"]

_JSON = "print one JSON document"
_ADVICE = "tell every advice"
_ROWS = "how many rows each table is given"
_SARIF = "write a SARIF file as well"
_TIMEOUT = "seconds that one statement may take"


@task(
    help={
        "revision": "judge this one instead of the new ones",
        "since": "judge those that this commit does not have",
        "all": "judge the whole history, each by itself",
        "rows": _ROWS,
        "timeout": _TIMEOUT,
        "advice": _ADVICE,
        "fix": "write the safe forms that are known; show them",
        "sarif": _SARIF,
        "json": _JSON,
    }
)
def review(
    context: Context,
    revision: str | None = None,
    since: str | None = None,
    all: bool = False,
    rows: str | None = None,
    timeout: str | None = None,
    advice: bool = False,
    fix: bool = False,
    sarif: str | None = None,
    json: bool = False,
) -> None:
    """Judge the new revisions; show every fix."""
    from headgate import gate
    from headgate.selection import choose

    def judge() -> tuple[Project, Report]:
        chosen = choose(with_limits(project(), rows, timeout), revision=revision, since=since, everything=all)
        # What was rewritten must go back as well.
        steps = (*gate.REVIEW, gate.rollback) if fix else gate.REVIEW
        with progress() as tell:
            return chosen, gate.run(chosen, steps, tell=tell)

    if fix:
        from headgate.report.fixes import print_fixes
        from headgate.revisions import fixing

        outcome = fixing.fix(judge)
        found, report = outcome.project, outcome.report
        if not json:
            print_fixes(console(), outcome)
    else:
        found, report = judge()
    finish(report, found.config.root, as_json=json, advice=advice, steps=False, sarif=sarif)


@task(
    help={
        "revision": "the revision's id; the head if not given",
        "rows": _ROWS,
        "timeout": _TIMEOUT,
        "json": _JSON,
    }
)
def sql(
    context: Context,
    revision: str | None = None,
    rows: str | None = None,
    timeout: str | None = None,
    json: bool = False,
) -> None:
    """Show each statement's locks, rewrites, rows."""
    from headgate.rehearsal.watched import statements_of
    from headgate.report.statements import print_trace

    found = with_limits(project(), rows, timeout)
    with progress() as tell:
        watched = statements_of(found, revision, rows=found.config.rows, tell=tell)
    file = found.revisions[watched.trace.revision]
    if json:
        print_json({"schema_version": 1, **asdict(watched)})
    else:
        print_trace(console(), watched.trace, found.shown(file.path))
        for table, reason in watched.not_filled.items():
            print(f"not rehearsed: {table} has no rows, {reason}")
        count = counted(len(watched.trace.statements), "statement")
        print(f"{file.id}: {count}, {counted(found.config.rows, 'row')} a table, PostgreSQL {watched.server}.")
    if watched.failure:
        if not json:
            print(f"It fails: {watched.failure.error}")
        end(Exit.FINDINGS)
