"""The report as SARIF 2.1.0, which code scanning and editors read.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from headgate import __version__
from headgate.errors import Exit, HeadgateError
from headgate.redaction import redacted
from headgate.report.model import Finding, Report, Severity, Status

if TYPE_CHECKING:
    from headgate.rules.rule import Rule

__all__ = ["document", "write"]

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.ADVICE: "note"}
_ROOT = "%SRCROOT%"


def write(path: Path, report: Report, rules: Iterable[Rule], *, prefix: str = "") -> None:
    """Write the report to a file.

    Args:
        path: the file.
        report: what to write.
        rules: every rule there is, for the help beside a result.
        prefix: the way from the checkout's top to the folder that finding paths are relative to, as in `shop/`.

    Raises:
        HeadgateError: the file cannot be written.
    """
    text = redacted(json.dumps(document(report, rules, prefix=prefix), indent=2, ensure_ascii=False))
    try:
        path.write_text(f"{text}\n", encoding="utf-8")
    except OSError as error:
        raise HeadgateError(
            f"{path} cannot be written: {error.strerror}.", "Name a file in a folder that is there: --sarif FILE."
        ) from error


def document(report: Report, rules: Iterable[Rule], *, prefix: str = "") -> Mapping[str, object]:
    """Give the report as the JSON values of a SARIF log; the arguments are those of `write`."""
    known = {rule.name: rule for rule in rules}
    names = sorted({*known, *(finding.rule for finding in report.findings)})
    seen: Counter[str] = Counter()
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "headgate",
                        "version": __version__,
                        "semanticVersion": __version__,
                        "rules": [_rule(name, known.get(name)) for name in names],
                    }
                },
                "columnKind": "utf16CodeUnits",
                "originalUriBaseIds": {_ROOT: {"description": {"text": "The top of the checkout."}}},
                "invocations": [
                    {
                        "executionSuccessful": report.exit is not Exit.CANNOT_JUDGE,
                        "exitCode": int(report.exit),
                        "toolExecutionNotifications": list(_not_run(report)),
                    }
                ],
                "results": [_result(finding, names, prefix, seen) for finding in report.findings],
                "properties": {"server": report.server, "seconds": report.seconds},
            }
        ],
    }


def _rule(name: str, rule: Rule | None) -> Mapping[str, object]:
    if rule is None:
        # What the gate finds by running a revision has no page of its own; its message says all there is.
        text = {"text": f"{name}: found by running the revisions, or by reading the project as a whole."}
        return {"id": name, "shortDescription": text, "fullDescription": text, "help": text}
    consent = f"# headgate: allow {name} because <reason>"
    return {
        "id": name,
        "shortDescription": {"text": rule.condition},
        "fullDescription": {"text": f"{rule.condition} {rule.effect}"},
        "help": {
            "text": f"{rule.effect}\n\nInstead: {rule.workaround}\n\nTo go on all the same: {consent}",
            "markdown": f"{rule.page.strip()}\n\n**Instead:** {rule.workaround}\n\n"
            f"```python\n{rule.good.strip()}\n```\n\nTo go on all the same, with a reason: `{consent}`.",
        },
        "helpUri": rule.source,
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {"tags": ["migration", rule.family]},
    }


def _result(finding: Finding, names: list[str], prefix: str, seen: Counter[str]) -> Mapping[str, object]:
    print_ = "|".join((finding.rule, finding.kind, finding.revision or "", finding.path or "", finding.message))
    seen[print_] += 1
    result: dict[str, object] = {
        "ruleId": finding.rule,
        "ruleIndex": names.index(finding.rule),
        "level": _LEVELS[finding.severity],
        "message": {"text": "\n".join((finding.message, *finding.seen, *finding.fix))},
        "locations": [{"physicalLocation": _place(finding, prefix)}],
        # Without the line, so that a result is the same one after code above it has moved.
        "partialFingerprints": {"headgate/v1": hashlib.sha256(f"{print_}|{seen[print_]}".encode()).hexdigest()},
        "properties": {"kind": finding.kind, "revision": finding.revision, "fixable": finding.fixable},
    }
    if finding.consent is not None:
        result["suppressions"] = [{"kind": "inSource", "justification": finding.consent}]
    return result


def _place(finding: Finding, prefix: str) -> Mapping[str, object]:
    # A result about the history as a whole is about the checkout; GitHub refuses one without a location.
    artifact = {"uri": quote(f"{prefix}{finding.path or '.'}"), "uriBaseId": _ROOT}
    if finding.line:
        return {"artifactLocation": artifact, "region": {"startLine": finding.line}}
    return {"artifactLocation": artifact}


def _not_run(report: Report) -> Iterator[Mapping[str, object]]:
    for check in report.checks:
        if check.status is Status.NOT_RUN:
            yield {"level": "error", "message": {"text": f"{check.name}: {check.summary}"}}
    for revision in report.revisions:
        for table, reason in revision.not_rehearsed.items():
            yield {"level": "warning", "message": {"text": f"{table} was not rehearsed: {reason}"}}
