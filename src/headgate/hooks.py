"""The commit-stage hook: `python -m headgate.hooks FILE...` judges revision files by their text alone.

A commit waits for it, so it starts no server and imports neither SQLAlchemy nor psycopg. What needs a server is the
push-stage hook, which is the gate.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from headgate import config, review
from headgate.errors import Exit, HeadgateError
from headgate.redaction import redacted
from headgate.report.model import Severity

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Judge the revision files given and print what was found.

    Args:
        arguments: the files, as pre-commit passes them; by default the command line's.

    Returns:
        0 nothing to fix, 1 an error was found, 2 a file could not be judged.
    """
    paths = [Path(argument) for argument in (sys.argv[1:] if arguments is None else arguments)]
    here = Path.cwd()  # pre-commit runs its hooks at the repository's root
    try:
        findings = review.judge_paths(paths, here)
    except HeadgateError as error:
        print(redacted(f"error: {error.what}\n  fix: {error.fix}"), file=sys.stderr)
        return error.code
    if findings:
        from rich.console import Console

        from headgate.report import terminal
        from headgate.rules.consent import consentable

        # With NO_COLOR rich alone would still write bold and dim.
        colours: Literal["auto"] | None = None if os.environ.get("NO_COLOR") else "auto"
        console = Console(markup=False, highlight=False, emoji=False, color_system=colours)
        terminal.print_findings(console, findings, config.load(here).root, consentable=consentable())
    return Exit.FINDINGS if any(finding.severity is Severity.ERROR for finding in findings) else Exit.NOTHING_TO_FIX


if __name__ == "__main__":
    sys.exit(main())
