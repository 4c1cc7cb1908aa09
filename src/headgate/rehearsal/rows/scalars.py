"""Ordinary and awkward values of PostgreSQL's own types: https://www.postgresql.org/docs/18/datatype.html.

A value is written as an expression over a number; the caller casts it to the column's type. What a server does not
know (an infinite interval before 17, XML without libxml) it refuses, and the caller leaves it out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from headgate.rehearsal.rows.candidate import Assortment, Candidate, Cost, Maker, constant
from headgate.rehearsal.rows.model import literal

__all__ = ["scalar"]

# Long enough for any limit that a revision sets, and compressible: an index takes it.
_LONG = 100_000
_HOUR = "interval '1 hour'"


def scalar(bare: str, typmod: int) -> Assortment | None:
    """Give the values of a type, or `None` for one that is not listed here.

    Args:
        bare: the type's name in `pg_type`.
        typmod: its modifier, -1 for none.
    """
    if bare == "numeric" and typmod >= 0:
        return _numeric(((typmod - 4) >> 16) & 0xFFFF, (((typmod - 4) & 0x7FF) ^ 1024) - 1024)
    if bare in ("bit", "varbit"):
        return _bits(1 if typmod < 0 and bare == "bit" else typmod)
    plain = _PLAIN.get(bare)
    if plain is None:
        return None
    maker, distinct = plain
    edges = [constant(literal(text)) for text in _EDGES.get(bare, ())]
    return Assortment(Candidate(maker, Cost.PLAIN, varies=distinct is None), edges, distinct)


def _numeric(precision: int, scale: int) -> Assortment:
    """Values of numeric(precision, scale); the scale may be negative or exceed the precision since PostgreSQL 15."""
    whole = max(precision - scale, 0)
    step = f"1e{-scale}::numeric"
    digits = min(precision, 18)
    largest = "9" * precision + f"e{-scale}"
    if whole == 0:
        plain: Maker = lambda i: f"(({i}) % {10**digits}) * {step}"  # noqa: E731
    else:
        fraction = f" + 5 * {step}" if scale > 0 else ""
        unit = f" * 1e{-scale}" if scale < 0 else ""
        size = 10 ** min(whole if scale >= 0 else precision, 18)
        plain = lambda i: f"(({i}) % {size}){unit}{fraction}"  # noqa: E731
    edges = [constant(f"{text}::numeric") for text in ("0", largest, f"-{largest}", step, "'NaN'")]
    distinct = 10 ** min(precision, whole if whole else digits)
    return Assortment(Candidate(plain, Cost.PLAIN, varies=True), edges, None if distinct > 10**6 else distinct)


def _bits(length: int) -> Assortment:
    if length < 0:
        return Assortment(
            Candidate(lambda i: f"({i})::bigint::bit(64)", Cost.PLAIN, varies=True),
            [constant("B''"), constant("B'0'"), constant("repeat('1', 1000)")],
        )
    edges = [constant(f"repeat('{digit}', {length})") for digit in "01"]
    plain = Candidate(lambda i: f"({i})::bigint::bit({length})", Cost.PLAIN, varies=True)
    return Assortment(plain, edges, 2**length if length < 20 else None)


def _octets(i: str) -> str:
    return f"(({i}) / 65536) % 256 || '.' || (({i}) / 256) % 256 || '.' || ({i}) % 256"


def _point(i: str) -> str:
    return f"point({i}, ({i}) + 0.5)"


# The type, how its ordinary values are made, and how many different ones that gives (None: no end).
_PLAIN: Mapping[str, tuple[Maker, int | None]] = {
    "int2": (lambda i: f"({i}) % 32768", None),
    "int4": (lambda i: f"({i})", None),
    "int8": (lambda i: f"({i})", None),
    "float4": (lambda i: f"({i}) + 0.25", None),
    "float8": (lambda i: f"({i}) + 0.1", None),
    "numeric": (lambda i: f"({i}) + 0.123456789", None),
    "money": (lambda i: f"(({i}) + 0.5)::numeric", None),
    "bool": (lambda i: f"({i}) % 2 = 0", 2),
    "bytea": (lambda i: f"decode(lpad(to_hex(({i})::bigint), 16, '0'), 'hex')", None),
    "uuid": (lambda i: f"md5('headgate ' || ({i}))", None),
    "date": (lambda i: f"date '2024-01-01' + (({i}) % 2000000)::int", None),
    "timestamp": (lambda i: f"timestamp '2024-01-01 00:00:00.123456' + ({i}) * {_HOUR}", None),
    "timestamptz": (lambda i: f"timestamptz '2024-01-01 00:00:00.123456+00' + ({i}) * {_HOUR}", None),
    "time": (lambda i: f"time '00:00:00.25' + ({i}) * interval '7 seconds'", 12342),
    "timetz": (lambda i: f"(time '00:00:00.25' + ({i}) * interval '7 seconds')::text || '+01'", 12342),
    "interval": (lambda i: f"({i}) * interval '1 minute'", None),
    "json": (lambda i: f"json_build_object('n', {i}, 'name', 'n' || ({i}))", None),
    "jsonb": (lambda i: f"jsonb_build_object('n', {i}, 'name', 'n' || ({i}))", None),
    "jsonpath": (lambda i: f"'$.n' || ({i})", None),
    "xml": (lambda i: f"'<n>' || ({i}) || '</n>'", None),
    "inet": (lambda i: f"'10.' || {_octets(i)} || '/8'", None),
    "cidr": (lambda i: f"'10.' || {_octets(i)} || '/32'", None),
    "macaddr": (lambda i: f"lpad(to_hex(({i})::bigint), 12, '0')", None),
    "macaddr8": (lambda i: f"lpad(to_hex(({i})::bigint), 16, '0')", None),
    "point": (_point, None),
    "lseg": (lambda i: f"lseg({_point(i)}, point(0, 0))", None),
    "box": (lambda i: f"box(point(2 * ({i}), 0), point(2 * ({i}) + 1, 1))", None),
    "line": (lambda i: f"line(point(0, ({i})), point(1, ({i}) + 1))", None),
    "path": (lambda i: f"'[(0,0),(' || ({i}) || ',1)]'", None),
    "polygon": (lambda i: f"'((0,0),(' || ({i}) || ',1),(1,0))'", None),
    "circle": (lambda i: f"circle(point(3 * ({i}), 0), 1)", None),
    "tsvector": (lambda i: f"'word n' || ({i})", None),
    "tsquery": (lambda i: f"'word & n' || ({i})", None),
    "oid": (lambda i: f"({i})", None),
    "xid": (lambda i: f"({i})::text", None),
    "xid8": (lambda i: f"({i})::text", None),
    "cid": (lambda i: f"({i})::text", None),
    "tid": (lambda i: f"'(' || ({i}) || ',1)'", None),
    "pg_lsn": (lambda i: f"'0/' || to_hex(({i})::bigint)", None),
    "pg_snapshot": (lambda i: f"({i}) || ':' || ({i}) || ':'", None),
    "txid_snapshot": (lambda i: f"({i}) || ':' || ({i}) || ':'", None),
    "char": (lambda i: f"chr((97 + ({i}) % 26)::int)", 26),
    "int2vector": (lambda i: f"({i}) % 32768 || ' 1'", None),
    "oidvector": (lambda i: f"({i}) || ' 1'", None),
    "refcursor": (lambda i: f"'cursor ' || ({i})", None),
    "aclitem": (lambda _: "makeaclitem(10, 10, 'SELECT', false)", 1),
    "regclass": (lambda _: "'pg_catalog.pg_class'", 1),
    "regcollation": (lambda _: "'pg_catalog.\"C\"'", 1),
    "regconfig": (lambda _: "'pg_catalog.simple'", 1),
    "regdictionary": (lambda _: "'pg_catalog.simple'", 1),
    "regnamespace": (lambda _: "'pg_catalog'", 1),
    "regoper": (lambda _: "'0'", 1),
    "regoperator": (lambda _: "'pg_catalog.+(integer,integer)'", 1),
    "regproc": (lambda _: "'pg_catalog.now'", 1),
    "regprocedure": (lambda _: "'pg_catalog.now()'", 1),
    "regrole": (lambda _: "10::oid", 1),
    "regtype": (lambda _: "'pg_catalog.int4'", 1),
}

# What a narrower type, a parser or an arithmetic operation loses or refuses.
_EDGES: Mapping[str, Sequence[str]] = {
    "int2": ("0", "1", "-1", "32767", "-32768"),
    "int4": ("0", "1", "-1", "32768", "2147483647", "-2147483648"),
    "int8": ("0", "1", "-1", "2147483648", "9223372036854775807", "-9223372036854775808"),
    "float4": ("0", "-0", "0.1", "NaN", "Infinity", "-Infinity", "3.4028235e38", "-3.4028235e38", "1.2e-38"),
    "float8": ("0", "-0", "1e15", "NaN", "Infinity", "-Infinity", "1.7976931348623157e308", "2.3e-308", "-0.5"),
    "numeric": ("0", "-1.5", "NaN", "Infinity", "-Infinity", "1e40", "9223372036854775808", "0.00000000000000000001"),
    "money": ("0", "-0.01", "92233720368547758.07", "-92233720368547758.08"),
    "bool": ("true", "false"),
    "bytea": ("\\x", "\\x00", "\\xff00fe", "\\x" + "00" * 2048),
    "uuid": ("00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"),
    "date": ("infinity", "-infinity", "4713-01-01 BC", "5874897-12-31", "1970-01-01", "2024-02-29", "1899-12-31"),
    "timestamp": (
        "infinity", "-infinity", "4713-01-01 BC", "294276-12-31 23:59:59.999999", "1970-01-01", "2024-02-29 12:00",
        "2024-03-31 02:30", "0001-01-01", "9999-12-31 23:59:59.999999",
    ),
    "timestamptz": (
        "infinity", "-infinity", "4713-01-01 BC", "294276-12-31 23:59:59.999999+00", "1970-01-01 00:00+00",
        "2024-02-29 12:00+00", "2024-03-31 01:00+00", "0001-01-01 00:00+00", "9999-12-31 23:59:59.999999+00",
    ),
    "time": ("00:00", "24:00", "23:59:59.999999"),
    "timetz": ("00:00+00", "24:00-15:59", "23:59:59.999999+15:59"),
    "interval": ("0", "-1 day", "1 month -1 day", "178000000 years", "infinity", "-infinity", "0.000001 s"),
    "json": (
        "{}", "[]", "null", '""', "1e400", '{"a": 1, "a": 2}', '"\\u0000"', '{"a": {"b": [null, {"c": "\\u00e9"}]}}',
    ),
    "jsonb": ("{}", "[]", "null", '""', "1e400", "9007199254740993", '{"a": {"b": [null, {"c": "\\u00e9"}]}}'),
    "jsonpath": ("$", "lax $[*] ? (@.a > 1)"),
    "xml": ("", "<a/>", "text", "<a><![CDATA[<b>]]></a>"),
    "inet": ("0.0.0.0/0", "255.255.255.255", "::", "::ffff:10.0.0.1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/1"),
    "cidr": ("0.0.0.0/0", "255.255.255.255/32", "::/0", "fe80::/10"),
    "macaddr": ("00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff"),
    "macaddr8": ("00:00:00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff:ff:ff"),
    "point": ("(0,0)", "(NaN,NaN)", "(Infinity,-Infinity)", "(1e308,-1e308)"),
    "lseg": ("[(0,0),(0,0)]",),
    "box": ("(0,0),(0,0)",),
    "line": ("{1,-1,0}", "{0,1,0}"),
    "path": ("((0,0))", "[(0,0),(1,1),(2,0)]"),
    "polygon": ("((0,0))",),
    "circle": ("<(0,0),0>", "<(0,0),1e300>"),
    "tsvector": ("", "a:1A b:16383", "'spaced word'"),
    "tsquery": ("", "a <-> !b:*"),
    "oid": ("0", "4294967295"),
    "xid": ("0", "4294967295"),
    "xid8": ("0", "18446744073709551615"),
    "tid": ("(4294967295,65535)",),
    "pg_lsn": ("0/0", "FFFFFFFF/FFFFFFFF"),
    "char": ("", " ", "~"),
    "refcursor": ("",),
    "regclass": ("0",),
    "regproc": ("0",),
    "regtype": ("0",),
}  # fmt: skip
