"""The commit-stage hook: `python -m headgate.hooks FILE...` judges revision files by their text alone.

It runs on every commit, so it starts no server and imports neither SQLAlchemy nor psycopg. What needs the server is the
push-stage hook, which is the gate.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from headgate.errors import Exit, HeadgateError
from headgate.report.model import Finding, Severity
from headgate.rules import files

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Judge the revision files given and print what was found.

    Args:
        arguments: the files, as pre-commit passes them; by default the command line's.

    Returns:
        0 nothing to fix, 1 an error was found, 2 a file could not be judged.
    """
    paths = [Path(argument) for argument in (sys.argv[1:] if arguments is None else arguments)]
    try:
        findings = [finding for finding in files.judge(paths) if finding.consent is None]
    except HeadgateError as error:
        print(f"error: {error.what}\n  fix: {error.fix}", file=sys.stderr)
        return error.code
    for finding in findings:
        print(_rendered(finding), end="\n\n")
    return Exit.FINDINGS if any(finding.severity is Severity.ERROR for finding in findings) else Exit.NOTHING_TO_FIX


def _rendered(finding: Finding) -> str:
    place = ":".join(str(part) for part in (finding.path, finding.line) if part is not None)
    head = [f"{finding.severity}[{finding.rule}]: {finding.message}", f"  {place}"]
    seen = [f"      seen  {line}" for line in finding.seen]
    fix = [f"  {'fix' if not index else '   '}  {line}" for index, line in enumerate(finding.fix)]
    return "\n".join(head + seen + fix)


if __name__ == "__main__":
    sys.exit(main())
