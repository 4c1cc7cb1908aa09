"""What a project's own interpreter runs, in the folder of its settings: `driver.py plain`, `prove` or `empty`.

The last line that it prints is a JSON document.
"""

from __future__ import annotations

import ast
import json
import os
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headgate import config, gate, project
from headgate.errors import HeadgateError
from headgate.report.model import Status

if TYPE_CHECKING:
    from headgate.project import Project
    from headgate.report.model import Finding
    from headgate.revisions.file import RevisionFile


# All rules are asked of all revisions unless the proofs took longer than this, in seconds.
ASK_WITHIN = int(os.environ.get("HISTORIES_RULES_WITHIN", "3600"))


def plain(found: Project) -> dict[str, Any]:
    """What `alembic upgrade heads` does, on a server of headgate's and with what env.py needs around it."""
    from alembic import command

    from headgate.postgres.scratch import database
    from headgate.postgres.server import scratch_server
    from headgate.rehearsal.prepared import prepared
    from headgate.rehearsal.scripts import open_script

    around, settings = prepared(found), found.config
    asked = {"major": settings.postgres, "cache": settings.cache, "extensions": found.extensions}
    with scratch_server(**asked) as server, database(server) as scratch:
        url = scratch.url()
        around.hand_over(url)
        around.begin(url)
        alembic, _ = open_script(found.ini, settings.section, around.url(url), around)
        alembic.attributes.update(around.attributes_for(url))
        started = time.monotonic()
        for target in found.heads if settings.heads else ("heads",):
            around.call(partial(command.upgrade, alembic, target))
        return {"seconds": time.monotonic() - started}


def prove(found: Project) -> dict[str, Any]:
    """Take every revision up, down and up again, hold the last schema against the models', ask every rule of all."""
    proofs: list[Any] = []
    broken: list[str] = []

    def note(evidence: gate.Evidence) -> gate.Evidence:
        proofs.extend(evidence.proofs.proofs if evidence.proofs else ())
        return evidence.with_check("note", "")

    def rules(evidence: gate.Evidence) -> gate.Evidence:
        if sum(check.seconds for check in evidence.checks) > ASK_WITHIN:
            return evidence.with_check("rules", "not asked", status=Status.NOT_RUN)
        try:
            return gate.rules(evidence)
        except Exception:  # a fault of headgate's; the rest is worth having
            broken.append(traceback.format_exc())
            return evidence.with_check("rules", "a fault of headgate's", status=Status.NOT_RUN)

    def tell(line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    report = gate.run(found, (gate.upgrade, gate.rollback, note, gate.drift, gate.names, rules), tell=tell)
    upgrade, rollback, _, drift, names, ruled = report.checks
    told = _told(rollback.findings)
    order = [
        one.revision
        for one in proofs
        if any(d.change == "moved" for d in (*one.not_restored, *one.not_repeated))
        and one.revision not in told.get("downgrade-not-inverse", {})
    ]
    asked = (*names.findings, *ruled.findings)
    stopped = [finding for finding in upgrade.findings if not finding.revision] if not proofs else []
    return {
        "server": report.server,
        "seconds": upgrade.seconds + rollback.seconds,
        "stopped": [f"{one.message}: {' '.join(one.seen[:1])} ({one.path}:{one.line})" for one in stopped],
        "reached": len(proofs),
        "told": told,
        "on_rows": {one.revision: one.up.failure.error for one in proofs if one.on_rows and one.up.failure},
        "alone": {one.revision: one.up.failure.error for one in proofs if one.up.failure and not one.on_rows},
        "order": order,
        "empty": [id_ for id_, file in found.revisions.items() if _does_nothing(file)],
        "drift": {"said": drift.summary, "differences": [finding.message for finding in drift.findings]},
        "rules": {} if ruled.summary == "not asked" else Counter(finding.rule for finding in asked),
        "rules_seconds": ruled.seconds,
        "broken": broken,
        "findings": [asdict(finding) for check in report.checks for finding in check.findings],
    }


def empty(found: Project) -> dict[str, Any]:
    """Take every revision up, down and up again on empty tables."""
    from headgate.rehearsal.rollback import prove

    def upgrade(evidence: gate.Evidence) -> gate.Evidence:
        proofs = prove(found, evidence.new_database, models=False)
        return replace(evidence.with_check("upgrade", ""), proofs=proofs)

    report = gate.run(found, (upgrade, gate.rollback))
    return {"told": _told(report.checks[1].findings)}


def _told(findings: Iterable[Finding]) -> dict[str, dict[str, str]]:
    """What each revision was found to do, by the rule, in the server's words."""
    told: dict[str, dict[str, str]] = {}
    for finding in findings:
        if finding.revision:
            told.setdefault(finding.rule, {})[finding.revision] = finding.seen[0] if finding.seen else finding.message
    return told


def _does_nothing(file: RevisionFile) -> bool:
    """Whether its downgrade() holds no statement but `pass`, a docstring or `return`."""
    function = file.function("downgrade")
    return function is None or all(
        isinstance(one, ast.Pass)
        or (isinstance(one, ast.Return) and one.value is None)
        or (isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant))
        for one in function.body
    )


def main(mode: str) -> dict[str, Any]:
    """Find the project that lies here, and run what is asked."""
    try:
        found = project.find(config.load(Path.cwd()))
        done = {"plain": plain, "prove": prove, "empty": empty}[mode](found)
    except HeadgateError as error:
        return {"error": f"{error.what} {error.fix}"}
    return {"ids": list(found.revisions), "heads": list(found.heads), **done}


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1])))
