"""The query that must return 0 on the real rows, made from what the server refused and what the revision makes.

Nothing is read out of the statement's text. The definition of what was added is taken from the catalog of the run that
passed; the server builds it once more on empty tables, and what it then prints of the columns, the expression and the
predicate is what the query is made of.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from headgate.rehearsal import casts
from headgate.rehearsal.fitting import partition

if TYPE_CHECKING:
    import psycopg

    from headgate.catalog import Catalog, Difference
    from headgate.catalog.model import Attributes
    from headgate.rehearsal.model import Failure

__all__ = ["Condition", "conditions"]

PROBE = "headgate_probe"
_CONSTRAINTS = ("unique constraint", "primary key", "exclusion constraint", "check constraint", "foreign key")


@dataclass(frozen=True)
class Condition:
    """What rows must be like.

    Args:
        table: the SQL name of the table that holds them.
        what: the rows that break it, as in `users.email holds duplicates`.
        name: it in a few words, as in `no duplicate users.email`.
        query: gives how many break it.
        cure: deletes those that do.
    """

    table: str
    what: str
    name: str
    query: str
    cure: str


def conditions(
    connection: psycopg.Connection[Any],
    failure: Failure,
    before: Catalog,
    after: Catalog,
    suspects: Sequence[Difference],
) -> list[Condition]:
    """Give what the rows must be like for a failure not to happen; it is still to be shown that it is right.

    Args:
        connection: in a transaction that is rolled back, on the schema before the revision, its tables empty.
        failure: what the server refused.
        before: the catalog before the revision.
        after: the catalog after it, as it ran on other rows.
        suspects: what the statement that failed changes when it passes.
    """
    import psycopg

    found: list[Condition] = []
    maker = _Maker(connection, failure, before, after, suspects)
    for make in (maker.not_null, maker.of_constraint, maker.of_partition, maker.of_domains):
        try:
            with connection.transaction():
                found += make()
        except psycopg.Error:
            continue
    if not found:
        found = [Condition(*parts) for parts in casts.conditions(connection, suspects, before, after, failure.error)]
    return found


class _Maker:
    def __init__(
        self,
        connection: psycopg.Connection[Any],
        failure: Failure,
        before: Catalog,
        after: Catalog,
        suspects: Sequence[Difference],
    ) -> None:
        self._connection, self._failure, self._before, self._after = connection, failure, before, after
        self._suspects = suspects

    def not_null(self) -> Iterator[Condition]:
        failure = self._failure
        if failure.sqlstate != "23502" or not failure.column:
            return
        table, column = self._table(), self._quoted(failure.column)
        if ("column", f"{table}.{column}") not in self._before.objects:
            return
        while parents := self._after.objects.get(("column", f"{table}.{column}"), {}).get("inherited_from"):
            parent = str(parents[0]).removesuffix(f".{column}")  # type: ignore[index]
            if not self._after.objects.get(("column", f"{parent}.{column}"), {}).get("not_null"):
                break
            table = parent
        shown = f"{table}.{column}"
        yield _rows(table, f"{column} IS NULL", f"{shown} holds NULL", f"no NULL in {shown}")

    def of_constraint(self) -> Iterator[Condition]:
        if not self._failure.constraint:
            return
        kind, table, attributes = self._made(self._quoted(self._failure.constraint))
        if kind == "index":
            rest = f"USING {attributes['method']} {attributes['definition']}"
            self._connection.execute(f"CREATE UNIQUE INDEX {PROBE} ON {table} {rest}".encode())
            yield self._no_duplicates(table)
            return
        if not kind:
            return
        if kind == "primary key":
            for other in [name for k, name in self._before.objects if k == kind and name.endswith(f" on {table}")]:
                label = other.removesuffix(f" on {table}")
                self._connection.execute(f"ALTER TABLE {table} DROP CONSTRAINT {label} CASCADE".encode())
        self._connection.execute(f"ALTER TABLE {table} ADD CONSTRAINT {PROBE} {attributes['definition']}".encode())
        if kind == "check constraint":
            yield self._checked(table)
        elif kind == "foreign key":
            yield self._no_orphans(table)
        elif kind == "exclusion constraint":
            yield self._none_excluded(table)
        else:
            yield self._no_duplicates(table)

    def of_partition(self) -> Iterator[Condition]:
        """A table that becomes a partition, or the default one beside it: every row must be within its bounds."""
        if self._failure.sqlstate != "23514" or self._failure.constraint or not self._failure.table:
            return
        table = self._table()
        made = (one.name for one in self._suspects if one.kind == "table" and one.change in {"added", "changed"})
        statements = (partition(name, self._before, self._after) for name in (table, *made))
        statement = next((one for one in statements if one), None)
        if statement is None:
            return
        self._connection.execute(statement.encode())
        expression = self._value(f"SELECT pg_get_partition_constraintdef('{_text(table)}'::regclass)")
        what = f"{table} holds rows that do not belong into the partition"
        yield _rows(table, f"NOT ({expression})", what, f"every row of {table} is within its bounds")

    def _no_duplicates(self, table: str) -> Condition:
        keys, predicate, together = self._keys()
        wanted = [predicate] if predicate else []
        if not together:  # NULLS NOT DISTINCT
            wanted += [f"{key} IS NOT NULL" for key in keys]
        where = f" WHERE {' AND '.join(wanted)}" if wanted else ""
        listed = ", ".join(keys)
        shown = _named(table, keys)
        return Condition(
            table,
            f"{shown} holds duplicates",
            f"no duplicate {shown}",
            f"SELECT count(*) FROM (SELECT 1 FROM {table}{where} GROUP BY {listed} HAVING count(*) > 1) AS duplicates",
            f"DELETE FROM {table} WHERE (tableoid, ctid) IN (SELECT tableoid, ctid FROM (SELECT tableoid, ctid,"
            f" row_number() OVER (PARTITION BY {listed}) AS n FROM {table}{where}) AS numbered WHERE n > 1)",
        )

    def _checked(self, table: str) -> Condition:
        expression = self._value(f"SELECT pg_get_expr(conbin, conrelid) FROM pg_constraint WHERE conname = '{PROBE}'")
        label = self._failure.constraint
        return _rows(
            table,
            f"NOT ({expression})",
            f"rows of {table} break the check {label}",
            f"every row of {table} fits {label}",
        )

    def of_domains(self) -> Iterator[Condition]:
        """What a domain is to check of the values in a column; the server names the column and not the check."""
        failure = self._failure
        if failure.sqlstate != "23514" or failure.constraint or not (failure.table and failure.column):
            return
        table, column = self._table(), self._quoted(failure.column)
        for one in self._suspects:
            attributes = self._after.objects.get((one.kind, one.name), {})
            domain = str(attributes.get("of"))
            if one.kind != "check constraint" or ("domain", domain) not in self._before.objects:
                continue
            self._connection.execute(
                f"ALTER DOMAIN {domain} ADD CONSTRAINT {PROBE} {attributes['definition']}".encode()
            )
            expression = self._value(f"SELECT pg_get_expr(conbin, 0) FROM pg_constraint WHERE conname = '{PROBE}'")
            # The server prints what a domain checks over VALUE, which is also how a column can be called.
            within = f"(SELECT {expression} FROM (SELECT {table}.{column} AS value) AS checked)"
            what = f"{table}.{column} holds values that {domain} refuses"
            yield _rows(table, f"NOT {within}", what, f"every {table}.{column} fits {domain}")
            return

    def _no_orphans(self, table: str) -> Condition:
        ours, parent, theirs, full = self._connection.execute(
            """SELECT array_agg(quote_ident(a.attname) ORDER BY k.n), co.confrelid::regclass::text,
                      array_agg(quote_ident(b.attname) ORDER BY k.n), co.confmatchtype = 'f'
               FROM pg_constraint co, unnest(co.conkey, co.confkey) WITH ORDINALITY AS k (ours, theirs, n),
                    pg_attribute a, pg_attribute b
               WHERE co.conname = %s AND a.attrelid = co.conrelid AND a.attnum = k.ours
                 AND b.attrelid = co.confrelid AND b.attnum = k.theirs
               GROUP BY co.confrelid, co.confmatchtype""",
            [PROBE],
        ).fetchall()[0]
        same = " AND ".join(f"parent.{one} = {table}.{other}" for one, other in zip(theirs, ours, strict=True))
        given = (" OR " if full else " AND ").join(f"{table}.{column} IS NOT NULL" for column in ours)
        where = f"({given}) AND NOT EXISTS (SELECT FROM {parent} AS parent WHERE {same})"
        shown = _named(table, ours)
        return _rows(table, where, f"{shown} holds values that {parent} does not have", f"no orphan {shown}")

    def _none_excluded(self, table: str) -> Condition:
        keys, predicate, _ = self._keys()
        operators = self._value(
            f"""SELECT array_agg(format('OPERATOR(%I.%s)', n.nspname, o.oprname) ORDER BY k.n)
                FROM pg_constraint co, unnest(co.conexclop) WITH ORDINALITY AS k (operator, n), pg_operator o,
                     pg_namespace n
                WHERE co.conname = '{PROBE}' AND o.oid = k.operator AND n.oid = o.oprnamespace"""
        )
        columns = ", ".join(f"{key} AS k{number}" for number, key in enumerate(keys))
        where = f" WHERE {predicate}" if predicate else ""
        source = f"(SELECT tableoid, ctid, {columns} FROM {table}{where})"
        meet = " AND ".join(f"a.k{n} {operator} b.k{n}" for n, operator in enumerate(operators))
        pairs = f"{source} AS a, {source} AS b WHERE a.ctid < b.ctid AND {meet}"
        label = self._failure.constraint
        return Condition(
            table,
            f"rows of {table} exclude each other ({label})",
            f"no two rows of {table} that {label} excludes",
            f"SELECT count(*) FROM {pairs}",
            f"DELETE FROM {table} WHERE (tableoid, ctid) IN (SELECT b.tableoid, b.ctid FROM {pairs})",
        )

    def _keys(self) -> tuple[list[str], str | None, bool]:
        """The key columns or expressions of the index that was built, its predicate, whether NULLs are duplicates."""
        keys, predicate, together = self._connection.execute(
            """SELECT ARRAY(
                   SELECT CASE WHEN i.indkey[n - 1] = 0 THEN '(' || pg_get_indexdef(i.indexrelid, n, true) || ')'
                          ELSE pg_get_indexdef(i.indexrelid, n, true) END
                       || CASE WHEN a.attcollation <> i.indcollation[n - 1] AND i.indcollation[n - 1] <> 0
                          THEN ' COLLATE ' || i.indcollation[n - 1]::regcollation ELSE '' END
                   FROM generate_series(1, i.indnkeyatts) AS n
                   LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[n - 1] ORDER BY n),
               pg_get_expr(i.indpred, i.indrelid), coalesce((to_jsonb(i) ->> 'indnullsnotdistinct')::boolean, false)
               FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE c.relname = %s""",
            [PROBE],
        ).fetchall()[0]
        return keys, predicate, together

    def _made(self, label: str) -> tuple[str, str, Attributes]:
        """The kind of what the server named, its table or domain, and its attributes when the revision has made it."""
        table = self._table() if self._failure.table else None
        found = [
            (kind, str(attributes["of"]), attributes)
            for (kind, name), attributes in self._after.objects.items()
            if kind in _CONSTRAINTS and name == f"{label} on {attributes['of']}"
        ] + [
            ("index", str(attributes["of"]), attributes)
            for (kind, name), attributes in self._after.objects.items()
            if kind == "index" and attributes.get("unique") and name.rpartition(".")[2] == label
        ]
        # A partition's own part of a constraint is told as the whole table's.
        found.sort(key=lambda one: one[1] != table)
        while found and (parents := found[0][2].get("inherited_from")):
            kind, whole = found[0][0], str(parents[0])  # type: ignore[index]
            found = [(kind, str(made["of"]), made) for key, made in self._after.objects.items() if key == (kind, whole)]
        return found[0] if found else ("", "", {})

    def _table(self) -> str:
        schema, table = self._failure.schema, self._quoted(self._failure.table or "")
        return table if schema in (None, "public") else f"{self._quoted(schema or '')}.{table}"

    def _quoted(self, name: str) -> str:
        return str(self._connection.execute("SELECT quote_ident(%s)", [name]).fetchall()[0][0])

    def _value(self, query: str) -> Any:
        return self._connection.execute(query.encode()).fetchall()[0][0]


def _rows(table: str, where: str, what: str, name: str) -> Condition:
    return Condition(
        table, what, name, f"SELECT count(*) FROM {table} WHERE {where}", f"DELETE FROM {table} WHERE {where}"
    )


def _named(table: str, keys: Sequence[str]) -> str:
    return f"{table}.{keys[0]}" if len(keys) == 1 and not keys[0].startswith("(") else f"{table} ({', '.join(keys)})"


def _text(name: str) -> str:
    return name.replace("'", "''")
