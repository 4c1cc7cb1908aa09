"""`headgate.report.sarif`: a log that code scanning takes."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from headgate import redaction, rules
from headgate.errors import HeadgateError
from headgate.report import sarif
from headgate.report.model import Check, Finding, JudgedRevision, Report, Severity, Status

TEXT = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string", "minLength": 1}}}
LEVEL = {"enum": ["none", "note", "warning", "error"]}
# What SARIF 2.1.0 asks for (sections 3.13 to 3.52) and, where GitHub asks for more, what it does:
# https://docs.github.com/en/code-security/reference/code-scanning/sarif-files/sarif-support
ESSENTIAL = {
    "type": "object",
    "required": ["$schema", "version", "runs"],
    "properties": {
        "version": {"const": "2.1.0"},
        "runs": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["tool", "results", "invocations"],
                "properties": {
                    "tool": {
                        "type": "object",
                        "required": ["driver"],
                        "properties": {
                            "driver": {
                                "type": "object",
                                "required": ["name", "rules"],
                                "properties": {
                                    "rules": {
                                        "type": "array",
                                        "uniqueItems": True,
                                        "items": {
                                            "type": "object",
                                            "required": ["id", "shortDescription", "fullDescription", "help"],
                                            "properties": {
                                                "shortDescription": TEXT,
                                                "fullDescription": TEXT,
                                                "help": TEXT,
                                                "helpUri": {"type": "string", "pattern": "^https://"},
                                                "defaultConfiguration": {"properties": {"level": LEVEL}},
                                            },
                                        },
                                    }
                                },
                            }
                        },
                    },
                    "invocations": {
                        "items": {
                            "required": ["executionSuccessful"],
                            "properties": {"toolExecutionNotifications": {"items": {"required": ["message"]}}},
                        }
                    },
                    "results": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "required": ["ruleId", "ruleIndex", "level", "message", "locations", "partialFingerprints"],
                            "properties": {
                                "level": LEVEL,
                                "message": TEXT,
                                "locations": {
                                    "type": "array",
                                    "minItems": 1,
                                    "items": {
                                        "required": ["physicalLocation"],
                                        "properties": {
                                            "physicalLocation": {
                                                "required": ["artifactLocation"],
                                                "properties": {
                                                    "artifactLocation": {
                                                        "required": ["uri", "uriBaseId"],
                                                        "properties": {"uri": {"pattern": "^[^/ \\\\]"}},
                                                    },
                                                    "region": {
                                                        "required": ["startLine"],
                                                        "properties": {"startLine": {"type": "integer", "minimum": 1}},
                                                    },
                                                },
                                            }
                                        },
                                    },
                                },
                                "suppressions": {
                                    "items": {
                                        "required": ["kind"],
                                        "properties": {"kind": {"enum": ["inSource", "external"]}},
                                    }
                                },
                            },
                        },
                    },
                },
            },
        },
    },
}
ERROR = Finding("downgrade-missing", Severity.ERROR, "revision 1 has no downgrade", "versions/1 a.py", 9, "1")
ORPHANS = Finding(
    "on-orphans", Severity.WARNING, "orphans", "b.py", 7, seen=("23503",), fix=("SELECT 1",), kind="precondition"
)
ALLOWED = Finding("sql-from-fstring", Severity.ERROR, "glued", "c.py", 1, consent="a constant")
ADVICE = Finding("multiple-bases", Severity.ADVICE, "two roots")
REPORT = Report(
    (
        Check("names", Status.FAILED, "1 new revision", (ERROR, ORPHANS, ALLOWED, ADVICE)),
        Check("drift", Status.NOT_RUN, "not compared"),
    ),
    server="PostgreSQL 18.4",
    revisions=(JudgedRevision("1", "1.py", {}, {"tags": "its columns contradict"}),),
)


def _run(report: Report = REPORT, **options: str) -> dict[str, Any]:
    (run,) = json.loads(json.dumps(sarif.document(report, rules.load(), **options)))["runs"]
    return dict(run)


@pytest.mark.parametrize("report", [REPORT, Report(())], ids=["findings", "nothing"])
def test_a_log_has_what_its_readers_ask_for(report: Report) -> None:
    """One that code scanning refuses is found out in somebody's CI."""
    jsonschema.validate(json.loads(json.dumps(sarif.document(report, rules.load()))), ESSENTIAL)


def test_every_rule_is_there_with_its_help() -> None:
    """The page of the rule beside the line, where the reviewer reads."""
    described = {rule["id"]: rule for rule in _run()["tool"]["driver"]["rules"]}

    for rule in rules.load():
        told = described[rule.name]
        assert told["shortDescription"]["text"] == rule.condition
        assert rule.workaround in told["help"]["text"]
        assert rule.good.strip() in told["help"]["markdown"]
        assert told["helpUri"] == rule.source
    assert {"on-orphans", "multiple-bases"} <= set(described)


def test_a_result_has_its_rule_its_weight_and_its_place() -> None:
    """In the order of the report; a space in a path is one in a URI too."""
    run = _run(prefix="shop/")
    names = [rule["id"] for rule in run["tool"]["driver"]["rules"]]

    told = [
        (
            names[result["ruleIndex"]],
            result["ruleId"],
            result["level"],
            result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"],
            result["locations"][0]["physicalLocation"].get("region"),
        )
        for result in run["results"]
    ]
    assert told == [
        ("downgrade-missing", "downgrade-missing", "error", "shop/versions/1%20a.py", {"startLine": 9}),
        ("on-orphans", "on-orphans", "warning", "shop/b.py", {"startLine": 7}),
        ("sql-from-fstring", "sql-from-fstring", "error", "shop/c.py", {"startLine": 1}),
        ("multiple-bases", "multiple-bases", "note", "shop/.", None),
    ]
    assert [result["properties"]["kind"] for result in run["results"]] == ["rule", "precondition", "rule", "rule"]
    assert run["results"][1]["message"]["text"] == "orphans\n23503\nSELECT 1"


def test_a_consent_is_a_suppression_with_its_reason() -> None:
    """Code scanning then shows it as closed, and why."""
    assert [result.get("suppressions") for result in _run()["results"]] == [
        None,
        None,
        [{"kind": "inSource", "justification": "a constant"}],
        None,
    ]


def test_a_result_is_the_same_one_after_it_has_moved() -> None:
    """Else every line above it would close it and open another; two alike are still two."""

    def prints(*findings: Finding) -> list[str]:
        results = _run(Report((Check("x", Status.FAILED, "y", findings),)))["results"]
        return [result["partialFingerprints"]["headgate/v1"] for result in results]

    assert prints(ERROR) == prints(replace(ERROR, line=12))
    assert len(set(prints(ERROR, replace(ERROR, line=12), ORPHANS))) == 3


def test_what_could_not_be_judged_is_told() -> None:
    """A log without results would read as a pass."""
    (invocation,) = _run(Report((Check("drift", Status.NOT_RUN, "not compared"),)))["invocations"]

    assert (invocation["executionSuccessful"], invocation["exitCode"]) == (False, 2)
    assert [told["message"]["text"] for told in _run()["invocations"][0]["toolExecutionNotifications"]] == [
        "drift: not compared",
        "tags was not rehearsed: its columns contradict",
    ]


def test_the_file_holds_no_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is uploaded."""
    monkeypatch.setattr(redaction, "_secrets", set())
    redaction.remember("postgresql://amy:tiger@db/app")
    finding = replace(ERROR, message="tiger is refused")

    sarif.write(tmp_path / "a.sarif", Report((Check("x", Status.FAILED, "y", (finding,)),)), rules.load())

    text = (tmp_path / "a.sarif").read_text(encoding="utf-8")
    assert '"text": "*** is refused"' in text
    assert "tiger" not in text


def test_a_file_that_cannot_be_written_ends_with_two_lines(tmp_path: Path) -> None:
    """The option was mistyped; a traceback says less."""
    path = tmp_path / "gone" / "a.sarif"

    with pytest.raises(HeadgateError) as caught:
        sarif.write(path, REPORT, rules.load())

    assert caught.value.what == f"{path} cannot be written: No such file or directory."
    assert caught.value.fix == "Name a file in a folder that is there: --sarif FILE."
