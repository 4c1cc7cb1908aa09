"""Why an upgrade stopped, in the words that rules need: where, on what, what the server named."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from headgate.rehearsal.model import Failure
    from headgate.rules.rule import Evidence

__all__ = ["close", "failure", "line", "message", "named", "seen", "table"]

_NAMED = 8


def failure(evidence: Evidence, *sqlstates: str) -> Failure | None:
    """Give why the upgrade stopped, when the server's code is one of these."""
    found = evidence.run.failure
    if found is None or found.noting:
        return None
    return found if (not sqlstates or found.sqlstate in sqlstates) else None


def line(evidence: Evidence) -> int:
    """Give the line of the revision at which its upgrade stopped."""
    found = evidence.run.failure
    failed = [one for one in evidence.run.up.statements if one.error]
    if failed and found is not None and found.statement == failed[-1].sql.strip():
        return failed[-1].line
    if found is not None and found.line and found.path and Path(found.path).name == evidence.revision.path.name:
        return found.line
    upgrade = evidence.revision.function("upgrade")
    return failed[-1].line if failed else upgrade.lineno if upgrade else 1


def message(found: Failure) -> str:
    """Give the server's message without the detail and the hint that a driver puts behind it."""
    text = found.error
    for more in (" DETAIL: ", " HINT: ", " CONTEXT: "):
        text = text.partition(more)[0]
    return text


def seen(evidence: Evidence, found: Failure, *more: str) -> tuple[str, ...]:
    """Tell what the server said, a line each, and the statement that it said it of."""
    code = f"PostgreSQL {evidence.run.server}: {found.sqlstate}" if found.sqlstate else "Python"
    statement = [f"statement: {' '.join(found.statement.split())}"] if found.statement else []
    detail = (found.detail or "").splitlines()
    return (f"{code}, {message(found)}", *detail, *statement, *more)


def named(found: Failure) -> list[str]:
    """Give what stands in double quotes in the server's message, in order, as the catalog spells it."""
    return message(found).split('"')[1::2]


def table(evidence: Evidence, found: Failure) -> str | None:
    """Give the SQL name of the table that the server named, where the catalog has it."""
    if found.table is None:
        return None
    full = found.table if found.schema in (None, "public") else f"{found.schema}.{found.table}"
    for catalog in (evidence.run.before, evidence.run.after):
        for kind, name in catalog.objects:
            if kind.endswith("table") and name.replace('"', "") == full:
                return name
    return None


def close(name: str, names: Iterable[str]) -> tuple[str, ...]:
    """Give the names that are there, the most alike first, no more than one reads."""
    import difflib

    known = sorted(set(names))
    alike = difflib.get_close_matches(name, known, n=_NAMED, cutoff=0.0)
    return tuple(alike[:_NAMED])
