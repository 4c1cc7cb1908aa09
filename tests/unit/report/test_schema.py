"""`headgate.report.schema`: the published schema, and that every report is one that it describes."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from headgate.report import schema
from headgate.report.evidence import BuiltIndex, HeldLock, TouchedRows, TracedStatement
from headgate.report.model import Check, Finding, JudgedRevision, Kind, Report, Severity, Status
from tests.checkout import ROOT

FULL = Report(
    checks=(
        Check(
            "rules",
            Status.FAILED,
            "1 statement",
            (
                Finding(
                    "a", Severity.ERROR, "m", "1.py", 2, "1", ("s",), ("f",), "rule", None, True, ("+x",), {"t": "x"}
                ),
                Finding("b", Severity.WARNING, "m", kind="precondition", consent="why"),
            ),
            0.5,
        ),
        Check("drift", Status.NOT_RUN, "not compared"),
    ),
    server="PostgreSQL 18.4",
    history=3,
    revisions=(JudgedRevision("1", "1.py", {"entries": 1000}, {"tags": "a circle"}),),
    seconds=1.5,
    statements=(
        TracedStatement(
            *("1", "up", 1, "SELECT 1", "1.py", 2, "upgrade", None),
            locks=(HeldLock("entries", "table", "SHARE", "INSERT"),),
            built=(BuiltIndex("i", "entries"),),
            work=(TouchedRows("entries", 1, 2, 3, 4, 5),),
            settings={"lock_timeout": "0"},
            error="42P07",
        ),
    ),
    rules=41,
)


def closed(value: Any) -> Any:
    """The same schema, in which a field that it does not know is a fault: a reader passes over one, a test must not."""
    if isinstance(value, list):
        return [closed(part) for part in value]
    if not isinstance(value, dict):
        return value
    found = {name: closed(part) for name, part in value.items()}
    return {"additionalProperties": False, **found} if "properties" in found else found


def _values(report: Report = FULL) -> Any:
    return json.loads(json.dumps(report.to_json()))


def test_the_schema_is_one() -> None:
    """By the rules of JSON Schema 2020-12."""
    jsonschema.Draft202012Validator.check_schema(schema.document())


def test_the_published_schema_is_that_of_the_code() -> None:
    """`inv docs.sync` writes it; this is what `inv docs.check` holds it against."""
    assert (ROOT / "docs" / "report-schema.json").read_text(encoding="utf-8") == schema.text()


@pytest.mark.parametrize("report", [FULL, Report(()), replace(FULL, server=None)], ids=["full", "empty", "no server"])
def test_every_report_is_what_the_schema_says(report: Report) -> None:
    """And has no field that the schema does not name."""
    jsonschema.Draft202012Validator(closed(copy.deepcopy(schema.document()))).validate(_values(report))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("schema_version",), 1),
        (("exit",), 4),
        (("findings", 0, "severity"), "fatal"),
        (("findings", 0, "kind"), "other"),
        (("findings", 0, "line"), "2"),
        (("revisions", 0), "1"),
        (("revisions", 0, "rehearsed", "entries"), "many"),
        (("statements", 0, "locks", 0), "SHARE"),
        (("checks", 0, "status"), "ok"),
    ],
    ids=str,
)
def test_another_document_is_not(path: tuple[str | int, ...], value: object) -> None:
    """A schema that takes everything says nothing."""
    changed = _values()
    part = changed
    for step in path[:-1]:
        part = part[step]
    part[path[-1]] = value

    assert not jsonschema.Draft202012Validator(schema.document()).is_valid(changed)


def test_every_field_says_what_it_means() -> None:
    """The page of the report is made of it."""
    assert [name for name, of in schema.described() for _, _, meaning in of if not meaning] == []
    assert dict(schema.described())["Finding"][:2] == (
        ("rule", "string", "the rule's name, which is also the name of its file and of its page"),
        ("severity", '"error", "warning", "advice"', "how much it weighs here"),
    )


def test_the_kinds_are_those_of_the_model() -> None:
    """Literals are read from the type, not written twice."""
    assert schema.document()["$defs"]["Finding"]["properties"]["kind"]["enum"] == list(Kind.__args__)  # type: ignore[attr-defined]


def test_the_schema_is_found_from_the_page() -> None:
    """It stands beside it."""
    assert Path(ROOT / "docs" / "report.md").read_text(encoding="utf-8").count("(report-schema.json)") == 1
