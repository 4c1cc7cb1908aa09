"""A limit on how long a strong lock is waited for: everybody else waits behind the one who waits.

https://www.postgresql.org/docs/current/runtime-config-client.html#GUC-LOCK-TIMEOUT
"""

from __future__ import annotations

import libcst as cst

from headgate.revisions.rewrite.calls import call_of, text_of
from headgate.revisions.rewrite.layout import execute
from headgate.revisions.rewrite.model import CannotRewrite, Wanted
from headgate.revisions.rewrite.split import is_setting, segment
from headgate.revisions.rewrite.sql import statements
from headgate.revisions.rewrite.steps import Place, Revision, Step, leading, with_leading

__all__ = ["limit"]

_LIMIT = "2s"


def limit(revision: Revision, place: Place, wanted: Wanted) -> None:
    """Set lock_timeout at the start of each transaction of the function, and in the autocommit block of the statement.

    In the block it is set for the session, and put back at the end. Where a limit stands already it gets another value.
    """
    if "autocommit_block" in revision.code(place.step.node):
        raise CannotRewrite("its autocommit_block stands inside another statement: set the limit there by hand")
    steps = revision.functions[place.function]
    top = place.index if place.owner is None else steps.index(place.owner)
    concurrent = _is_concurrent(revision, place.step)
    changed = _replaced(revision, steps, segment(steps, top), top)
    if place.owner is not None and place.owner.kind == "autocommit" and not concurrent:
        if any(_is_limit(revision, step) for step in place.steps[: place.index]):
            changed |= _replaced(revision, place.steps, 0, place.index)
        else:
            place.steps.insert(0, execute(revision, f"SET lock_timeout = '{_LIMIT}'", depth=2))
            place.steps.append(execute(revision, "RESET lock_timeout", depth=2))
            changed = True
    for start in reversed([0, *(at + 1 for at, step in enumerate(steps) if step.kind == "autocommit")]):
        end = next((at for at in range(start, len(steps)) if steps[at].kind == "autocommit"), len(steps))
        own = steps[start:end]
        works = any(_works(revision, step) for step in own)
        if works and not any(_is_limit(revision, step) for step in own):
            start += start == 0 and _is_docstring(revision, own)
            steps.insert(start, execute(revision, f"SET LOCAL lock_timeout = '{_LIMIT}'"))
            changed = True
    if not changed:
        raise CannotRewrite(
            "CONCURRENTLY waits without making others wait, and a limit could end the build and leave an INVALID index"
            if concurrent
            else "a limit stands before it already: look at what sets another one"
        )


def _replaced(revision: Revision, steps: list[Step], start: int, end: int) -> bool:
    """Give the last limit that is set before a statement another value; say whether there was one."""
    for index in range(end - 1, start - 1, -1):
        if _is_limit(revision, steps[index]):
            local = "LOCAL " if is_setting(revision, steps[index], "LOCAL") else ""
            made = execute(revision, f"SET {local}lock_timeout = '{_LIMIT}'")
            changed = revision.code(made.node).strip() != revision.code(with_leading(steps[index], ()).node).strip()
            steps[index] = with_leading(made, leading(steps[index]))
            return changed
    return False


def _is_concurrent(revision: Revision, step: Step) -> bool:
    call = call_of(revision, step)
    if call is None:
        return False
    sql = text_of(revision, call.needed("sqltext")) if call.operation == "execute" else None
    return call.says("postgresql_concurrently", "True") or (
        sql is not None and any(word.says("CONCURRENTLY") for one in statements(sql) for word in one)
    )


def _works(revision: Revision, step: Step) -> bool:
    """Whether a step may take a lock: it calls an operation that is more than a setting, or has statements inside."""
    if isinstance(step.node, cst.BaseCompoundStatement):
        return step.kind != "autocommit"
    call = call_of(revision, step)
    return (
        call is not None and call.operation not in {"get_bind", "get_context", "f"} and not is_setting(revision, step)
    )


def _is_limit(revision: Revision, step: Step) -> bool:
    return is_setting(revision, step, "LOCK_TIMEOUT") or is_setting(revision, step, "LOCAL", "LOCK_TIMEOUT")


def _is_docstring(revision: Revision, steps: list[Step]) -> bool:
    return bool(steps) and revision.code(steps[0].node).lstrip().startswith(('"', "'"))
