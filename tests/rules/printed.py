"""What headgate prints about a rule's bad example, which the rule's page shows."""

from __future__ import annotations

import os
from collections.abc import Sequence
from io import StringIO
from pathlib import Path

from rich.console import Console

from headgate.docs.generated import page_of
from headgate.docs.markdown import read
from headgate.report.model import Finding
from headgate.report.terminal import print_findings
from headgate.rules.consent import consentable
from headgate.rules.rule import Rule

PAGES = Path(__file__).parents[2] / "docs" / "rules"
WRITE = "HEADGATE_WRITE_PAGES"


def hold(rule: Rule, findings: Sequence[Finding], root: Path) -> None:
    """Hold what is printed against the page of a rule; or, where the environment asks for it, write the page.

    Args:
        rule: the rule.
        findings: its findings on its bad example.
        root: the folder that their paths are relative to.
    """
    console = Console(file=StringIO(), width=100, color_system=None, markup=False, highlight=False, emoji=False)
    print_findings(console, findings, root, consentable=consentable())
    text = console.file.getvalue().strip()  # type: ignore[attr-defined]
    printed = f"```\n{chr(10).join(line.rstrip() for line in text.splitlines())}\n```"
    path = PAGES / f"{rule.name}.md"
    if os.environ.get(WRITE):
        path.write_text(page_of(rule, printed), encoding="utf-8", newline="\n")
    held = read(path).section("printed") if path.is_file() else None
    assert held == printed, f"{path.name} shows something else; write it: {WRITE}=1 pytest tests/rules -k {rule.name}"
