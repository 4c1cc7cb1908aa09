"""How a catalog's objects and attributes are said in English."""

from __future__ import annotations

from headgate.catalog.model import Attributes, Value

__all__ = ["KINDS", "article", "be", "definition_of", "describe", "index_shape", "phrases", "window"]

# In the order in which differences are told: what others stand on comes first.
KINDS = (
    "schema", "extension", "enum", "domain", "composite type", "attribute", "range type", "base type",
    "table", "foreign table", "column", "position", "primary key", "unique constraint", "check constraint",
    "exclusion constraint", "foreign key", "index", "statistics", "sequence", "view", "materialized view",
    "function", "procedure", "aggregate", "trigger", "event trigger", "rule", "policy", "default privileges",
    "publication", "subscription",
)  # fmt: skip

# Longer values are cut down to the place where the two differ.
_LONGEST = 120

# attribute -> verb, the value in words, no value in words
_VALUES = {
    "access_method": ("has", "the access method {}", "the default access method"),
    "arguments": ("takes", "({})", "()"),
    "body": ("runs", "{}", "nothing"),
    "clustered_on": ("is", "clustered on {}", "not clustered"),
    "collation": ("has", "collation {}", "the default collation"),
    "comment": ("has", "the comment '{}'", "no comment"),
    "command": ("applies to", "{}", "nothing"),
    "compression": ("has", "compression {}", "the default compression"),
    "default": ("has", "default {}", "no default"),
    "definition": ("is", "defined as {}", "not defined"),
    "deferrable": ("is", "{}", "not deferrable"),
    "fires": ("is", "{}", "enabled"),
    "generated": ("is", "{}", "not generated"),
    "grants": ("has", "the grants {}", "the default grants"),
    "identity": ("is", "{}", "not an identity column"),
    "index_comment": ("has", "the comment '{}' on its index", "no comment on its index"),
    "inherits": ("has", "the parents {}", "no parents"),
    "labels": ("has", "the labels {}", "no labels"),
    "language": ("is", "written in {}", "written in no language"),
    "maxvalue": ("has", "maxvalue {}", "the default maxvalue"),
    "minvalue": ("has", "minvalue {}", "the default minvalue"),
    "not_null": ("is", "{}", "nullable"),
    "of_type": ("is", "of type {}", "of no type"),
    "owned_by": ("is", "owned by {}", "owned by no column"),
    "owner": ("is", "owned by {}", "owned by nobody"),
    "parallel": ("is", "parallel {}", "parallel unsafe"),
    "partition_key": ("is", "partitioned by {}", "not partitioned"),
    "partition_of": ("is", "a partition of {}", "no partition"),
    "persistence": ("is", "{}", "logged"),
    "publishes": ("publishes", "{}", "nothing"),
    "replica_identity": ("has", "replica identity {}", "the default replica identity"),
    "result": ("returns", "{}", "nothing"),
    "roles": ("applies to", "{}", "nobody"),
    "row_security": ("has", "row level security {}", "row level security disabled"),
    "schema": ("is", "in schema {}", "in no schema"),
    "start": ("has", "start {}", "the default start"),
    "statistics_kinds": ("collects", "{}", "nothing"),
    "statistics": ("has", "statistics target {}", "the default statistics target"),
    "storage": ("has", "storage {}", "the default storage"),
    "tablespace": ("is", "in tablespace {}", "in the default tablespace"),
    "type": ("is", "{}", "without a type"),
    "using": ("has", "USING {}", "no USING"),
    "version": ("is at", "version {}", "no version"),
    "volatility": ("is", "{}", "volatile"),
    "with_check": ("has", "WITH CHECK {}", "no WITH CHECK"),
    "wrapper": ("uses", "{}", "no wrapper"),
}  # fmt: skip

# attribute -> what `is` true, false; absent is whichever of the two is the default and has no value of its own
_STATES = {
    "cycle": ("cycling", "not cycling"),
    "enabled": ("enabled", "disabled"),
    "enforced": ("enforced", "not enforced"),
    "leakproof": ("leakproof", "not leakproof"),
    "populated": ("populated", "not populated"),
    "ready": ("ready", "not ready"),
    "restrictive": ("restrictive", "permissive"),
    "security_definer": ("security definer", "security invoker"),
    "strict": ("strict", "not strict"),
    "valid": ("valid", "invalid"),
    "validated": ("validated", "not validated"),
    "via_root": ("published via the root", "not published via the root"),
    "window": ("a window function", "not a window function"),
}
_TRUE_WHEN_ABSENT = frozenset({"enabled", "enforced", "ready", "valid", "validated"})


def phrases(kind: str, attribute: str, before: Value | None, after: Value | None) -> tuple[str, str, str]:
    """A verb, and both values as what follows it: `is`, `varchar(80)`, `varchar(50)`."""
    if attribute in _STATES:
        return "is", _state(attribute, before), _state(attribute, after)
    label = attribute.replace("_", " ")
    verb, given, absent = _VALUES.get(attribute, ("has", f"{label} {{}}", f"no {label}"))
    if attribute == "definition" and (kind == "index" or kind.endswith((" constraint", " key"))):
        given = "{}"
    left, right = window(before, after, types=attribute == "type")
    return verb, absent if before is None else given.format(left), absent if after is None else given.format(right)


def window(before: Value | None, after: Value | None, *, types: bool = False) -> tuple[str, str]:
    """Both values as text on one line; long ones only from shortly before the place where they differ."""
    left, right = ("" if v is None else _short_type(str(v)) if types else _text(v) for v in (before, after))
    if " ".join(left.split()) == " ".join(right.split()):
        left, right = repr(left), repr(right)
    else:
        left, right = " ".join(left.split()), " ".join(right.split())
    if max(len(left), len(right)) > _LONGEST:
        pairs = enumerate(zip(left, right, strict=False))
        same = next((place for place, (a, b) in pairs if a != b), min(len(left), len(right)))
        start = max(same - 20, 0)
        left, right = (_cut(text, start) for text in (left, right))
    return left, right


def article(kind: str) -> str:
    """`an index`, `a unique constraint`."""
    return f"{'an' if kind[0] in 'aei' else 'a'} {kind}"


def be(kind: str) -> str:
    """`is` or `are`."""
    return "are" if kind == "default privileges" else "is"


def describe(kind: str, attributes: Attributes) -> str:
    """What an object is, as short as its SQL: `boolean NOT NULL DEFAULT false`, `on t (b)`; else empty."""
    get = attributes.get
    if kind in ("column", "attribute", "domain"):
        parts = [_short_type(str(get("type", "")))]
        parts += [f"COLLATE {get('collation')}"] if get("collation") else []
        parts += [str(get(part)) for part in ("generated", "identity", "not_null") if get(part)]
        parts += [f"DEFAULT {get('default')}"] if get("default") else []
        return " ".join(parts)
    if kind == "index":
        return index_shape(attributes, of=True)
    if kind == "default privileges":
        return str(get("grants", ""))
    if kind == "enum":
        return f"({_text(get('labels', ()))})"
    if kind.endswith((" constraint", " key")):
        state = [_state(part, False) for part in ("validated", "enforced", "valid") if get(part) is False]
        return ", ".join([str(get("definition")), *([str(get("deferrable"))] if get("deferrable") else []), *state])
    return f"partition of {get('partition_of')}" if get("partition_of") else ""


def definition_of(described: str) -> str:
    """Give the definition of a constraint out of what `describe` says of it."""
    states = [_state(part, False) for part in ("validated", "enforced", "valid")]
    for ending in (*reversed(states), "deferrable initially deferred", "deferrable"):
        described = described.removesuffix(f", {ending}")
    return described


def index_shape(attributes: Attributes, *, of: bool = False, method: bool = False) -> str:
    """What an index is on: `unique on (lower(email)) WHERE active`.

    Args:
        attributes: those of the index.
        of: name the table.
        method: name the method even when it is btree.
    """
    definition, where = str(attributes["definition"]), f" WHERE {attributes.get('predicate')}"
    columns = definition.removesuffix(where)
    parts = [
        *(["unique"] if attributes.get("unique") else []),
        "on",
        *([str(attributes["of"])] if of else []),
        columns,
        *([f"using {attributes['method']}"] if method or attributes["method"] != "btree" else []),
    ]
    return " ".join(parts) + (where if columns != definition else "")


def _state(attribute: str, value: Value | None) -> str:
    true, false = _STATES[attribute]
    return true if (attribute in _TRUE_WHEN_ABSENT if value is None else value) else false


def _text(value: Value) -> str:
    return ", ".join(value) if isinstance(value, tuple) else str(value)


def _short_type(name: str) -> str:
    """A type as people write it.  https://www.postgresql.org/docs/18/datatype.html"""
    if name.startswith(("timestamp", "time")) and " with time zone" in name:
        head, _, tail = name.partition(" with time zone")
        base, bracket, precision = head.partition("(")
        return f"{base}tz{bracket}{precision}{tail}"
    if name.startswith("timestamp"):
        return name.replace(" without time zone", "")
    if name.startswith("character varying"):
        return "varchar" + name.removeprefix("character varying")
    return "char" + name.removeprefix("character") if name.startswith("character(") else name


def _cut(text: str, start: int) -> str:
    end = start + _LONGEST
    return ("…" if start else "") + text[start:end] + ("…" if end < len(text) else "")
