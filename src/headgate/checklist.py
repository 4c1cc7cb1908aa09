"""The seven items that a pull request must show, each ticked by a check that ran, or left open with the reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from headgate.config import Config
from headgate.report.model import Report, Status

__all__ = ["Item", "items", "markdown"]


@dataclass(frozen=True)
class Item:
    """One line of the checklist.

    Args:
        title: what is asked, in the workflow document's words.
        done: whether it was shown.
        shown: what was seen, or what is missing.
    """

    title: str
    done: bool
    shown: str


def items(report: Report, suite: tuple[bool, str], config: Config) -> tuple[Item, ...]:
    """Answer the workflow document's section 8.

    Args:
        report: the whole gate's.
        suite: whether the service's tests passed, and their closing line.
        config: headgate's settings.
    """
    docs = _from(report, "Docs updated", "docs")
    if not (config.docs.api or config.docs.deployment):
        docs = replace(docs, done=False)  # The check found nothing to fix because nobody told it where to look.
    return (
        _from(report, "Migration has intent, risk and safe defaults", "heads", "names", "rules"),
        _from(report, "Models and migrations agree", "drift"),
        _from(report, "`alembic upgrade head` applies cleanly", "upgrade", suffix=report.server),
        Item("Tests pass", *suite),
        _from(report, "Downgrade tested", "rollback"),
        docs,
        _ci(config.root),
    )


def markdown(found: Sequence[Item]) -> str:
    """Give the checklist as Markdown for the pull request."""
    width = max(len(item.title) for item in found) + 2
    lines = [f"- [{'x' if item.done else ' '}] {item.title:<{width}}{item.shown}" for item in found]
    done = sum(item.done for item in found)
    left = len(found) - done
    closing = f"{done} of {len(found)} shown by running" + (
        f"; {left} {'is' if left == 1 else 'are'} yours." if left else "."
    )
    return "\n".join([*lines, "", closing])


def _from(report: Report, title: str, *names: str, suffix: str | None = None) -> Item:
    checks = [check for check in report.checks if check.name in names]
    done = bool(checks) and all(check.status is Status.PASSED for check in checks)
    failing = [finding.message for check in checks for finding in check.findings if finding.consent is None]
    shown = "; ".join(failing[:2] if failing and not done else [check.summary for check in checks])
    return Item(title, done, f"{suffix}, {shown}" if suffix and done else shown)


def _ci(root: Path) -> Item:
    title = "CI runs the upgrade on an ephemeral database"
    workflows = sorted((root / ".github" / "workflows").glob("*.y*ml"))
    calling = [path for path in workflows if "nox" in path.read_text(encoding="utf-8", errors="replace")]
    if calling and (root / "noxfile.py").is_file():
        return Item(title, True, f"nox -s migrations, called by {calling[0].relative_to(root).as_posix()}")
    return Item(title, False, "no workflow in .github/workflows calls nox")
