"""The repaired code of a finding: short Python with the user's own names, the SQL as the server itself spells it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from headgate.catalog.model import Attributes

__all__ = ["apart", "constraint", "create_index", "derived", "execute", "literal", "validate"]


def literal(text: str) -> str:
    """Spell a text as a Python string, in double quotes where that needs no escape."""
    plain = '"' not in text and "\\" not in text and text.isprintable()
    return f'"{text}"' if plain else repr(text)


def execute(sql: str) -> str:
    """Give the call that sends a statement."""
    return f"op.execute({literal(sql)})"


def apart(*calls: str) -> tuple[str, ...]:
    """Put calls into a block outside the revision's transaction, where each commits by itself."""
    return ("with op.get_context().autocommit_block():", *(f"    {call}" for call in calls))


def validate(table: str, constraint: str) -> str:
    """Give the call that tries the rows that are there against a constraint."""
    return execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT {constraint}")


def derived(*names: str) -> str:
    """Give one name made from others, in SQL and without their schemas: `entries_bound`, `"Old entries_bound"`."""
    from headgate.revisions.rewrite.sql import value, words

    name = "_".join(value(words(one)[-1].text) for one in names)
    return name if _all_plain((name,)) else '"' + name.replace('"', '""') + '"'


def create_index(name: str, attributes: Attributes) -> str:
    """Give the call that builds an index concurrently.

    Args:
        name: its name in SQL.
        attributes: as the catalog has them.
    """
    table, definition = str(attributes["of"]), str(attributes["definition"])
    unique = bool(attributes.get("unique"))
    columns = definition[1:-1].split(", ")
    plain = (name, table, *columns)
    if attributes.get("method") == "btree" and definition == f"({', '.join(columns)})" and _all_plain(plain):
        listed = ", ".join(literal(column) for column in columns)
        also = "unique=True, " if unique else ""
        return f'op.create_index("{name}", "{table}", [{listed}], {also}postgresql_concurrently=True)'
    own = name.rpartition(".")[2] if _all_plain((name.replace(".", ""),)) else name
    return execute(
        f"CREATE {'UNIQUE ' if unique else ''}INDEX CONCURRENTLY {own} ON {table}"
        f" USING {attributes.get('method', 'btree')} {definition}"
    )


def constraint(name: str, attributes: Attributes, ending: str = "") -> str:
    """Give the statement that adds a constraint.

    Args:
        name: as the catalog has it, `positive on entries`.
        attributes: as the catalog has them.
        ending: what follows its definition, as in `NOT VALID`.
    """
    table = str(attributes["of"])
    state = str(attributes.get("deferrable", "")).upper()
    parts = (attributes.get("definition"), state, ending)
    added = " ".join(str(part) for part in parts if part)
    return f"ALTER TABLE {table} ADD CONSTRAINT {name.removesuffix(f' on {table}')} {added}"


def _all_plain(names: Sequence[str]) -> bool:
    """Whether SQL and Alembic spell these names alike: no quotes, no schema, no expression, no order."""
    return all(name.isidentifier() and name == name.lower() for name in names)
