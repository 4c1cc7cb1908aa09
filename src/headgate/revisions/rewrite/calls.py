"""A call of an Alembic operation: its name, its arguments, and the texts that stand in them."""

from __future__ import annotations

from dataclasses import dataclass

import libcst as cst

from headgate.revisions.rewrite.model import CannotRewrite
from headgate.revisions.rewrite.steps import Revision, Step

__all__ = ["Call", "call_of", "qualified", "quoted", "text_of"]

# The parameters of an operation in their order, as `alembic.op` documents them:
# https://alembic.sqlalchemy.org/en/latest/ops.html
PARAMETERS = {
    "add_column": ("table_name", "column"),
    "alter_column": ("table_name", "column_name"),
    "create_check_constraint": ("constraint_name", "table_name", "condition"),
    "create_foreign_key": ("constraint_name", "source_table", "referent_table", "local_cols", "remote_cols"),
    "create_index": ("index_name", "table_name", "columns"),
    "create_primary_key": ("constraint_name", "table_name", "columns"),
    "create_table": ("table_name",),
    "create_unique_constraint": ("constraint_name", "table_name", "columns"),
    "drop_column": ("table_name", "column_name"),
    "drop_constraint": ("constraint_name", "table_name", "type_"),
    "drop_index": ("index_name", "table_name"),
    "drop_table": ("table_name",),
    "execute": ("sqltext",),
}


@dataclass(frozen=True)
class Call:
    """One call of an operation.

    Args:
        revision: the file that it stands in.
        node: the call.
        operation: its name, as in `create_index`.
    """

    revision: Revision
    node: cst.Call
    operation: str

    def argument(self, name: str) -> cst.BaseExpression | None:
        """Give what is passed as a parameter, by place or by name."""
        parameters = PARAMETERS.get(self.operation, ())
        place = parameters.index(name) if name in parameters else -1
        for index, arg in enumerate(self.node.args):
            if arg.star:
                raise CannotRewrite(f"its arguments are unpacked with {arg.star}: write them out")
            if (arg.keyword.value == name) if arg.keyword else index == place:
                return arg.value
        return None

    def needed(self, name: str) -> cst.BaseExpression:
        """Give what is passed as a parameter that the operation cannot do without."""
        found = self.argument(name)
        if found is None:
            raise CannotRewrite(f"{self.operation}() is called without {name}")
        return found

    def code(self, name: str) -> str:
        """Give the source of what is passed as a parameter."""
        return self.revision.code(self.needed(name))

    def text(self, name: str) -> str:
        """Give the text that is passed as a parameter.

        Raises:
            CannotRewrite: it is not a text that stands in the file.
        """
        found = text_of(self.revision, self.needed(name))
        if found is None:
            raise CannotRewrite(f"{name} is not a plain text here, so the SQL for it cannot be written: write it out")
        return found

    def says(self, name: str, value: str) -> bool:
        """Whether a keyword is passed with a value that is spelled so, as in `nullable=False`."""
        found = self.argument(name)
        return found is not None and self.revision.code(found) == value

    @property
    def keywords(self) -> tuple[str, ...]:
        """The parameters that are passed by name."""
        return tuple(arg.keyword.value for arg in self.node.args if arg.keyword)

    def schema(self) -> str:
        """Give the source of `schema=…` with a comma before it; nothing where there is none."""
        found = self.argument("schema")
        return "" if found is None or self.revision.code(found) == "None" else f", schema={self.revision.code(found)}"

    def table(self, name: str = "table_name", schema: str = "schema") -> str:
        """Give the table's name in SQL, with its schema."""
        given = self.argument(schema)
        none = given is None or self.revision.code(given) == "None"
        return qualified(self.text(name), None if none else self.text(schema))


def call_of(revision: Revision, step: Step) -> Call | None:
    """Give the operation that a step calls; `None` where it is another statement."""
    match step.node:
        case cst.SimpleStatementLine(body=[cst.Expr(value=cst.Call() as call)]):
            pass
        case cst.SimpleStatementLine(body=[cst.Assign(value=cst.Call() as call)]):
            pass
        case _:
            return None
    match call.func:
        case cst.Attribute(value=cst.Name(value=receiver), attr=cst.Name(value=operation)) if receiver == step.receiver:
            return Call(revision, call, operation)
    return None


def text_of(revision: Revision, node: cst.BaseExpression) -> str | None:
    """Give the text that an expression stands for; `None` where only running it would tell."""
    match node:
        case cst.SimpleString() | cst.ConcatenatedString():
            value = node.evaluated_value
            return value if isinstance(value, str) else None
        case cst.Name(value=name):
            return revision.constants.get(name)
        case cst.Call(func=cst.Attribute(attr=cst.Name(value="f")), args=[cst.Arg(value=inner)]):
            return text_of(revision, inner)
        case cst.Call(func=cst.Name(value="text") | cst.Attribute(attr=cst.Name(value="text")), args=[one]):
            return text_of(revision, one.value)
    return None


def quoted(name: str) -> str:
    """Give a name as SQL, in quotes where it needs them.

    Raises:
        CannotRewrite: SQLAlchemy would read a part of it as a parameter.
    """
    from sqlalchemy.dialects import postgresql

    if ":" in name or "\\" in name:
        raise CannotRewrite(f"the name {name} has a sign that SQLAlchemy's text() reads as its own: rewrite it by hand")
    return str(postgresql.dialect().identifier_preparer.quote(name))  # type: ignore[no-untyped-call]


def qualified(table: str, schema: str | None) -> str:
    """Give a table's name as SQL."""
    return f"{quoted(schema)}.{quoted(table)}" if schema else quoted(table)
