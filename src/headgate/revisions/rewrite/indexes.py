"""Indexes built and dropped while others go on writing.

https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY
"""

from __future__ import annotations

from headgate.revisions.rewrite.batch import taken_out
from headgate.revisions.rewrite.calls import Call, call_of, text_of
from headgate.revisions.rewrite.layout import execute, with_argument, without_argument, written
from headgate.revisions.rewrite.model import CannotRewrite, Wanted
from headgate.revisions.rewrite.split import split
from headgate.revisions.rewrite.sql import name_at, starts, statements, value
from headgate.revisions.rewrite.steps import Place, Revision, Step
from headgate.revisions.rewrite.texts import Sent, find, sent

__all__ = ["create", "created", "drop"]

_IN_BLOCK = 2  # how deep a statement in an autocommit block is indented


def create(revision: Revision, place: Place, wanted: Wanted) -> None:
    """Build an index CONCURRENTLY, or build it anew so, in an autocommit block.

    What a broken build left is dropped first: IF NOT EXISTS would pass over an INVALID index.
    """
    call = call_of(revision, place.step)
    if call is None:
        raise CannotRewrite("it is no call of an Alembic operation")
    subject = _subject(revision, place.step)
    if call.operation == "execute":
        split(revision, place, _from_sql(revision, sent(place.step, call)))
        _mirror(revision, place.function, subject)
        return
    if call.operation != "create_index":
        raise CannotRewrite(
            f"{call.operation}() makes the index as a part of itself: make it in an op.create_index() of its own"
        )
    place = taken_out(revision, place)
    split(revision, place, created(revision, place.step))
    _mirror(revision, place.function, subject)


def created(revision: Revision, step: Step) -> list[Step]:
    """Give the statements that build an index: drop what is left of an earlier try, then build."""
    call = _call(revision, step)
    if call.argument("index_name") is None or call.code("index_name") == "None":
        raise CannotRewrite("the index has no name here, so a second run could not find what a broken build left")
    if "if_not_exists" in call.keywords:
        step = without_argument(step, call, "if_not_exists")
        call = _call(revision, step)
    table = f"table_name={call.code('table_name')}"
    arguments = [call.code("index_name"), *([f"{table}{call.schema()}"]), "postgresql_concurrently=True"]
    left = written(revision, "drop_index", *arguments, "if_exists=True", depth=_IN_BLOCK)
    return [left, with_argument(step, call, "postgresql_concurrently", "True", depth=_IN_BLOCK)]


def drop(revision: Revision, place: Place, wanted: Wanted) -> None:
    """Drop an index CONCURRENTLY, in an autocommit block."""
    call = call_of(revision, place.step)
    if call is None:
        raise CannotRewrite("it is no call of an Alembic operation")
    subject = _subject(revision, place.step)
    if call.operation == "execute":
        split(revision, place, _from_sql(revision, sent(place.step, call)))
        _mirror(revision, place.function, subject)
        return
    if call.operation != "drop_index":
        raise CannotRewrite(
            f"{call.operation}() drops the index as a part of itself: drop it first, in an op.drop_index() of its own"
        )
    place = taken_out(revision, place)
    step = place.step
    for keyword in ("postgresql_concurrently", "if_exists"):
        step = with_argument(step, _call(revision, step), keyword, "True", depth=_IN_BLOCK)
    split(revision, place, [step])
    _mirror(revision, place.function, subject)


def _call(revision: Revision, step: Step) -> Call:
    call = call_of(revision, step)
    assert call is not None
    return call


def _subject(revision: Revision, step: Step) -> tuple[str, str] | None:
    """Whether a step creates or drops an index, and which."""
    call = call_of(revision, step) if step.kind == "plain" else None
    if call is None:
        return None
    if call.operation in {"create_index", "drop_index"}:
        name = call.argument("index_name")
        text = text_of(revision, name) if name is not None else None
        return (call.operation.removesuffix("_index"), text) if text else None
    sql = text_of(revision, call.needed("sqltext")) if call.operation == "execute" else None
    found = statements(sql) if sql else ()
    if len(found) != 1 or not found[0][0].says("CREATE", "DROP"):
        return None
    (words,) = found
    at = find(words, "INDEX") + 1
    while 0 < at < len(words) and words[at].says("CONCURRENTLY", "IF", "NOT", "EXISTS"):
        at += 1
    named = name_at(words, at)[0] if at else ""
    return (words[0].text.lower(), value(named.rsplit(".", 1)[-1])) if named else None


def _mirror(revision: Revision, function: str, subject: tuple[str, str] | None) -> None:
    """Let the downgrade take back by the same means what the upgrade does, where it can be split there."""
    if function != "upgrade" or subject is None:
        return
    verb, name = subject
    undone = {"create": ("drop", drop), "drop": ("create", create)}
    other, rewriter = undone[verb]
    for place in list(revision.places("downgrade")):
        if _subject(revision, place.step) == (other, name):
            kept = revision.copy().functions["downgrade"]
            try:
                rewriter(revision, place, Wanted("", 0))
            except CannotRewrite:
                # A plain one is still the inverse; it makes others wait, and the review says so of itself.
                revision.functions["downgrade"][:] = kept
            return


def _from_sql(revision: Revision, text: Sent) -> list[Step]:
    words = text.words
    if len(words) < 3:
        raise CannotRewrite("its SQL is not whole: mend it first")
    at = 2 if starts(words, "CREATE", "UNIQUE", "INDEX") else 1 if starts(words, "CREATE", "INDEX") else 0
    if at:
        return _create_sql(revision, text, at + 1)
    if starts(words, "DROP", "INDEX"):
        return [_drop_sql(text)]
    if starts(words, "REINDEX"):
        return [_reindex_sql(text)]
    raise CannotRewrite("it is no CREATE INDEX, DROP INDEX or REINDEX that stands by itself: rewrite it by hand")


def _create_sql(revision: Revision, text: Sent, at: int) -> list[Step]:
    words, edits = text.words, list[tuple[int, int, str]]()
    if at < len(words) and words[at].says("CONCURRENTLY"):
        at += 1
    else:
        edits.append((words[at].start, words[at].start, "CONCURRENTLY "))
    if starts(words[at:], "IF", "NOT", "EXISTS"):
        edits.append((words[at].start, words[at + 3].start, ""))
        at += 3
    name, after = name_at(words, at)
    if not name or words[at].says("ON"):
        raise CannotRewrite("the index has no name here, so a second run could not find what a broken build left")
    after += 2 if starts(words[after:], "ON", "ONLY") else 1
    table = name_at(words, after)[0]
    schema = f"{table.rsplit('.', 1)[0]}." if "." in table else ""
    left = execute(revision, f"DROP INDEX CONCURRENTLY IF EXISTS {schema}{name}", depth=_IN_BLOCK)
    return [left, text.edited(*edits) if edits else text.step]


def _drop_sql(text: Sent) -> Step:
    words, at, new = text.words, 2, ""
    if words[at].says("CONCURRENTLY"):
        at += 1
    else:
        new = "CONCURRENTLY "
    if not starts(words[at:], "IF", "EXISTS"):
        new += "IF EXISTS "
    if any(word.depth == 0 and word.says(",", "CASCADE") for word in words):
        raise CannotRewrite("CONCURRENTLY drops one index and no CASCADE: give each a call of its own")
    return text.edited((words[at].start, words[at].start, new)) if new else text.step


def _reindex_sql(text: Sent) -> Step:
    at = next((i for i, word in enumerate(text.words) if word.depth == 0 and word.says("INDEX", "TABLE", "SCHEMA")), 0)
    if not at:
        raise CannotRewrite("REINDEX takes CONCURRENTLY for an INDEX, a TABLE or a SCHEMA only")
    if text.words[at + 1].says("CONCURRENTLY"):
        return text.step
    where = text.words[at + 1].start
    return text.edited((where, where, "CONCURRENTLY "))
