"""Take one operation out of a `batch_alter_table`, because a batch runs inside one transaction.

On PostgreSQL a batch sends its operations one by one in their order, so it may be taken apart between any two:
https://alembic.sqlalchemy.org/en/latest/batch.html#batch-mode-with-databases-other-than-sqlite
"""

from __future__ import annotations

from dataclasses import replace

import libcst as cst

from headgate.revisions.rewrite.calls import Call, call_of
from headgate.revisions.rewrite.layout import with_call
from headgate.revisions.rewrite.model import CannotRewrite
from headgate.revisions.rewrite.steps import Place, Revision, Step, leading, with_leading

__all__ = ["taken_out"]

# Where the table goes among the arguments that are passed by place.
_TABLE_SECOND = frozenset(
    {
        "create_check_constraint",
        "create_foreign_key",
        "create_index",
        "create_primary_key",
        "create_unique_constraint",
        "drop_constraint",
        "drop_index",
    }
)
_TABLE_FIRST = frozenset({"add_column", "alter_column", "drop_column"})


def taken_out(revision: Revision, place: Place) -> Place:
    """Give the place of an operation that stands in no batch any more.

    Args:
        revision: the file, which is changed where the operation stood in one.
        place: where the operation stands.

    Raises:
        CannotRewrite: the batch is told more than its table, or the operation is none that is known.
    """
    owner = place.owner
    if owner is None or owner.kind != "batch":
        return place
    assert isinstance(owner.node, cst.With)
    batch = owner.node.items[0].item
    assert isinstance(batch, cst.Call)
    table, schema = _table(revision, batch)
    call = call_of(revision, place.step)
    if call is None:
        raise CannotRewrite("the statement in the batch is no call of the batch's own: take it out of the batch")
    alone = replace(with_call(place.step, _outside(revision, call, table, schema, owner)), receiver=revision.op)
    steps = revision.functions[place.function]
    index = steps.index(owner)
    before, after = place.steps[: place.index], place.steps[place.index + 1 :]
    parts = [replace(owner, inside=inside, lines=inside[0].lines if inside else range(0)) for inside in (before, after)]
    new: list[Step] = [part for part in (parts[0],) if before] + [alone] + [part for part in (parts[1],) if after]
    new = [step if at == 0 or step is alone else with_leading(step, ()) for at, step in enumerate(new)]
    if not before:
        new[0] = with_leading(new[0], (*leading(owner), *leading(alone)))
    steps[index : index + 1] = new
    return Place(place.function, steps, index + bool(before), None)


def _table(revision: Revision, batch: cst.Call) -> tuple[cst.Arg, cst.Arg | None]:
    table, schema = None, None
    for index, arg in enumerate(batch.args):
        name = arg.keyword.value if arg.keyword else ("table_name", "schema")[index] if index < 2 else ""
        plain = arg.with_changes(comma=cst.MaybeSentinel.DEFAULT, whitespace_after_arg=cst.SimpleWhitespace(""))
        if name == "table_name" and not arg.star:
            table = plain.with_changes(keyword=None, equal=cst.MaybeSentinel.DEFAULT)
        elif name == "schema" and not arg.star:
            schema = None if revision.code(arg.value) == "None" else plain
        else:
            raise CannotRewrite(
                f"the batch is told {name or 'more than its table'}, which its parts would have to be told as well: "
                "take the statement out of the batch"
            )
    if table is None:
        raise CannotRewrite("the batch does not say its table: take the statement out of the batch")
    return table, schema


def _outside(revision: Revision, call: Call, table: cst.Arg, schema: cst.Arg | None, owner: Step) -> cst.Call:
    if call.operation not in _TABLE_SECOND | _TABLE_FIRST:
        raise CannotRewrite(f"{call.operation}() is not known outside of a batch: take it out of the batch")
    args = list(call.node.args)
    by_place = sum(arg.keyword is None for arg in args)
    place = min(1 if call.operation in _TABLE_SECOND else 0, by_place)
    if any(arg.star for arg in args) or (place == 0 and call.operation in _TABLE_SECOND):
        raise CannotRewrite("its arguments are not passed by place: take it out of the batch by hand")
    named = call.operation == "drop_index"  # op.drop_index(name, table_name=…), as autogenerate writes it
    added = table.with_changes(
        keyword=cst.Name("table_name") if named else None,
        equal=cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))
        if named
        else cst.MaybeSentinel.DEFAULT,
    )
    pattern = args[place] if place < len(args) else args[-1]
    if place < len(args):
        comma = pattern.comma if isinstance(pattern.comma, cst.Comma) and place + 1 < len(args) else _COMMA
        args.insert(place, added.with_changes(comma=comma))
    else:
        args[-1] = pattern.with_changes(comma=_COMMA, whitespace_after_arg=cst.SimpleWhitespace(""))
        args.append(added.with_changes(comma=pattern.comma, whitespace_after_arg=pattern.whitespace_after_arg))
    if schema is not None:
        name = "source_schema" if call.operation == "create_foreign_key" else "schema"
        equal = cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))
        last = args[-1]
        args[-1] = last.with_changes(comma=_COMMA, whitespace_after_arg=cst.SimpleWhitespace(""))
        args.append(
            schema.with_changes(
                keyword=cst.Name(name), equal=equal, comma=last.comma, whitespace_after_arg=last.whitespace_after_arg
            )
        )
    made = call.node.with_changes(args=args).visit(_Rename(_receiver(owner), revision.op))
    assert isinstance(made, cst.Call)
    return made


def _receiver(owner: Step) -> str:
    assert isinstance(owner.node, cst.With)
    name = owner.node.items[0].asname
    assert name is not None
    assert isinstance(name.name, cst.Name)
    return name.name.value


class _Rename(cst.CSTTransformer):
    """Call on `op` what was called on the batch: the operation itself, and `batch_op.f` inside it."""

    def __init__(self, old: str, new: str) -> None:
        super().__init__()
        self._old, self._new = old, new

    def leave_Attribute(  # noqa: N802
        self, original_node: cst.Attribute, updated_node: cst.Attribute
    ) -> cst.Attribute:
        if isinstance(updated_node.value, cst.Name) and updated_node.value.value == self._old:
            return updated_node.with_changes(value=cst.Name(self._new))
        return updated_node


_COMMA = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
