"""Take a statement out of the revision's transaction, so that what it waits for and reads is done under no lock.

`autocommit_block()` commits what stands before it and begins anew after it:
https://alembic.sqlalchemy.org/en/latest/api/runtime.html#alembic.runtime.migration.MigrationContext.autocommit_block
"""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from headgate.revisions.rewrite.calls import call_of, text_of
from headgate.revisions.rewrite.layout import block
from headgate.revisions.rewrite.repeat import repeatable
from headgate.revisions.rewrite.sql import starts, statements
from headgate.revisions.rewrite.steps import Place, Revision, Step, leading, remarks, with_leading

__all__ = ["is_setting", "segment", "split"]


def split(
    revision: Revision,
    place: Place,
    alone: Sequence[Step],
    *,
    before: Sequence[Step] = (),
    after: Sequence[Step] = (),
) -> None:
    """Put statements in the place of one, some of them in an autocommit block.

    Args:
        revision: the file, which is changed.
        place: the statement that they replace.
        alone: those that run outside of a transaction.
        before: those that run in the transaction that ends there.
        after: those that run in the transaction that begins there.

    Raises:
        CannotRewrite: what stands before it in the function would be committed, and cannot run twice.
    """
    comments, consents = remarks(place.step)
    before, alone, after = ([_bare(step, consents) for step in steps] for steps in (before, alone, after))
    if place.owner is not None and place.owner.kind == "autocommit":
        place.steps[place.index : place.index + 1] = _headed([*before, *alone, *after], comments)
        return
    earlier = repeatable(revision, place.steps[: place.index])
    later = place.steps[place.index + 1 :]
    settings = [step for step in earlier[segment(earlier, len(earlier)) :] if is_setting(revision, step, "LOCAL")]
    if not before and settings and earlier[-len(settings) :] == settings:
        # Nothing in that transaction is left for them to speak of.
        comments = [*(line for step in settings for line in leading(step)), *comments]
        del earlier[-len(settings) :]
    again: list[Step] = []
    if after or (not _is_block(later[:1]) and any(call_of(revision, step) or step.kind != "plain" for step in later)):
        again = [with_leading(step.copy(), ()) for step in settings]
    new: list[Step] = []
    if not before and _is_block(earlier[-1:]):
        earlier[-1].inside.extend(_headed(alone, comments))
    elif not (before or after) and _is_block(later[:1]) and not leading(later[0]):
        later[0].inside[:0] = alone
        later[0] = with_leading(later[0], comments)
    else:
        new = _headed([*before, block(revision, alone)], comments)
    done = [*earlier, *new, *again, *after]
    if any(step.kind == "autocommit" for step in later):
        done = repeatable(revision, done)  # that block commits these as well
    place.steps[:] = [*done, *later]


def segment(steps: Sequence[Step], index: int) -> int:
    """Give the place of the first statement of the transaction that a statement is in."""
    return next((at + 1 for at in range(index - 1, -1, -1) if steps[at].kind == "autocommit"), 0)


def is_setting(revision: Revision, step: Step, *words: str) -> bool:
    """Whether a step sends `SET …` and nothing else."""
    call = call_of(revision, step) if step.kind == "plain" else None
    if call is None or call.operation != "execute":
        return False
    sql = text_of(revision, call.needed("sqltext"))
    found = statements(sql) if sql else ()
    return len(found) == 1 and starts(found[0], "SET", *words)


def _is_block(steps: Sequence[Step]) -> bool:
    return bool(steps) and steps[0].kind == "autocommit"


def _bare(step: Step, consents: Sequence[cst.EmptyLine]) -> Step:
    """A step without what stood above it; a consent stays with the statement that was there before."""
    return with_leading(step, consents if step.lines else ())


def _headed(steps: Sequence[Step], comments: Sequence[cst.EmptyLine]) -> list[Step]:
    """The steps, with the comments of the statement that they replace above the first."""
    return [with_leading(steps[0], (*comments, *leading(steps[0]))), *steps[1:]]
