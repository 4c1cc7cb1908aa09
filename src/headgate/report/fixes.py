"""What `--fix` wrote, as a diff that a person reads, and what it did not write, with the reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from headgate.redaction import redacted
from headgate.wording import counted

if TYPE_CHECKING:
    from headgate.revisions.fixing import Outcome

__all__ = ["print_fixes"]

_STYLES = {"+++": "bold", "---": "bold", "@@ ": "cyan", "+": "green", "-": "red"}


def print_fixes(console: Console, outcome: Outcome) -> None:
    """Print the diff of each file that was rewritten, then each finding that was left.

    Args:
        console: where to; its width does not cut lines.
        outcome: what came of the rewriting.
    """
    for fixed in outcome.fixed:
        for line in fixed.diff:
            style = next((style for mark, style in _STYLES.items() if line.startswith(mark)), "")
            _print(console, Text(line, style=style))
        _print(console, Text(f"wrote {fixed.path}: {counted(fixed.count, 'safe form')}", style="bold"))
        if fixed.risk:
            _print(console, Text(f"  its header still says: Risk: {fixed.risk}\n  Say there what it locks now."))
        _print(console, Text())
    for left in outcome.left:
        _print(console, Text.assemble((f"not written[{left.rule}]", "bold yellow"), f": {left.path}:{left.line}"))
        _print(console, Text(f"  {left.why}\n"))
    if not outcome.fixed and not outcome.left:
        _print(console, Text("nothing to write: no finding has a safe form that is known\n"))


def _print(console: Console, text: Text) -> None:
    # A line of a diff is copied whole, so nothing is wrapped.
    console.print(Text(redacted(text.plain), style=text.style, spans=text.spans), soft_wrap=True, highlight=False)
