"""Links: every relative link and anchor of the named pages leads somewhere. Nothing is fetched from the network."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from headgate.config import Docs
from headgate.docs import markdown
from headgate.docs.markdown import Page
from headgate.errors import HeadgateError
from headgate.project import Project
from headgate.report.model import Finding, Severity

__all__ = ["RULE", "judge", "pages"]

RULE = "docs-link-broken"


def judge(project: Project) -> tuple[str, tuple[Finding, ...]]:
    """Follow every relative link of the pages that `pages` in `[tool.headgate.docs]` names.

    Args:
        project: the project whose pages are read.

    Returns:
        What was shown in a few words, empty when there is no page, and the broken links.

    Raises:
        HeadgateError: a page that the settings name is not there or cannot be read.
    """
    read = {page.path.resolve(): page for page in pages(project)}
    found: list[Finding] = []
    count = 0
    for page in read.values():
        for link in page.links:
            parts = urlsplit(link.target)
            if parts.scheme or parts.netloc:
                continue
            count += 1
            if problem := _problem(project, page, unquote(parts.path), unquote(parts.fragment), read):
                found.append(
                    Finding(
                        rule=RULE,
                        severity=Severity.ERROR,
                        message=f"the link to {link.target} {problem}",
                        path=project.shown(page.path),
                        line=link.line,
                        fix=("correct the link, or put the file or the heading back",),
                    )
                )
    return f"{count - len(found)} of {count} links lead somewhere" if read else "", tuple(found)


def pages(project: Project) -> Iterator[Page]:
    """Read every Markdown page that the settings name, in order.

    Args:
        project: the project whose settings are asked.

    Raises:
        HeadgateError: one of them is not there or cannot be read.
    """
    root = project.config.root
    for name in project.config.docs.pages:
        place = root / name
        if place.is_dir():
            yield from (markdown.read(path) for path in sorted(place.rglob("*.md")))
        elif place.is_file():
            yield markdown.read(place)
        elif name not in Docs().pages:
            raise HeadgateError(
                f"{place} does not exist, and pages in [tool.headgate.docs] names it.",
                "Correct pages: it takes files and folders, relative to the root.",
            )


def _problem(project: Project, page: Page, path: str, anchor: str, read: dict[Path, Page]) -> str | None:
    root = project.config.root.resolve()
    # GitHub reads a leading slash as the root of the repository.
    target = (root / path.lstrip("/") if path.startswith("/") else page.path.parent / path).resolve()
    if not path:
        target = page.path.resolve()
    if not target.is_relative_to(root):
        return "leads out of the repository"
    if not target.exists():
        return f"leads to {project.shown(target)}, which is not there"
    if not anchor or target.suffix != ".md":
        return None
    there = read.get(target) or markdown.read(target)
    return None if anchor in there.anchors else f"names an anchor that {project.shown(target)} does not have"
