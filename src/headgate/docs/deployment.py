"""The deployment page: every judged revision that needs an operator's hand is named there, with a note.

`docs.sync` adds a row for a revision that the page does not name, to the table between `<!-- headgate: deployment -->`
and `<!-- headgate: end -->`. A row that is there is never changed, and one may be replaced by a section of its own:
what counts is that the page names the revision's id beside some words.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from headgate.docs import markdown, needs
from headgate.docs.markdown import Page
from headgate.docs.needs import Kind, Need
from headgate.project import Project
from headgate.report.model import Finding, Severity
from headgate.revisions.file import RevisionFile

__all__ = ["RULE", "judge", "pages"]

RULE = "docs-deployment-missing"
_PART = "deployment"
_HEAD = markdown.table(("Revision", "What it does", "What to do"))


def judge(project: Project) -> tuple[str, tuple[Finding, ...]]:
    """Ask for each judged revision whether it needs a hand, and whether the page says so.

    Args:
        project: the project. Without `deployment` in `[tool.headgate.docs]` nothing is asked.

    Returns:
        What was shown in a few words, empty when nothing was asked, and a finding for each revision that is missing.

    Raises:
        HeadgateError: the page cannot be read.
    """
    name = project.config.docs.deployment
    if not name:
        return "", ()
    needed = _needed(project)
    missing = _missing(project, needed)
    findings = tuple(
        Finding(
            rule=RULE,
            severity=Severity.ERROR,
            message=f"{id_} needs an operator's hand ({_kinds(needed[id_])}), and {name} does not say so",
            path=project.shown(project.revisions[id_].path),
            line=needed[id_][0].line,
            revision=id_,
            seen=tuple(f"line {need.line}: {need.what}" for need in needed[id_]),
            fix=(f"add this row to {name} (inv docs.sync does), and say more where more is known:", row),
        )
        for id_, row in missing.items()
    )
    return f"{len(needed) - len(missing)} of {len(needed)} revisions noted in {name}", findings


def pages(project: Project) -> Mapping[Path, str]:
    """Give the page with a row for each revision that it does not name yet, by path.

    Args:
        project: the project; see `judge`.

    Raises:
        HeadgateError: the page cannot be read.
    """
    name = project.config.docs.deployment
    rows = _missing(project, _needed(project)) if name else {}
    if not name or not rows:
        return {}
    path = project.config.root / name
    page = markdown.read(path)
    table = page.section(_PART) or _HEAD
    return {path: page.with_section(_PART, "\n".join([table, *rows.values()]))}


def _needed(project: Project) -> Mapping[str, tuple[Need, ...]]:
    found = {id_: needs.of(project.revisions[id_]) for id_ in project.new}
    return {id_: reasons for id_, reasons in found.items() if reasons}


def _missing(project: Project, needed: Mapping[str, tuple[Need, ...]]) -> Mapping[str, str]:
    page = markdown.read(project.config.root / (project.config.docs.deployment or ""))
    noted = "\n".join(_notes(page))
    return {id_: _row(project.revisions[id_], reasons) for id_, reasons in needed.items() if id_ not in noted}


def _notes(page: Page) -> Iterator[str]:
    """The texts that say something: table rows and paragraphs of more than one word, and a heading with text below."""
    row: list[str] = []
    for position, token in enumerate(page.tokens):
        match token.type:
            case "tr_open":
                row = []
            case "inline":
                row.append(" ".join(child.content for child in token.children or () if child.type != "html_inline"))
            case "tr_close" | "paragraph_close" | "heading_close":
                said = " ".join(row)
                row = []
                following = page.tokens[position + 1 : position + 2]
                is_title = token.type == "heading_close" and following and following[0].type != "heading_open"
                if is_title or len(said.split()) > 1:
                    yield said


def _kinds(reasons: tuple[Need, ...]) -> str:
    return ", ".join(kind for kind in Kind if any(need.kind is kind for need in reasons))


def _row(revision: RevisionFile, reasons: tuple[Need, ...]) -> str:
    by_kind = {kind: dict.fromkeys(need.what for need in reasons if need.kind is kind) for kind in Kind}
    whats = "; ".join(f"{kind}: {', '.join(found)}" for kind, found in by_kind.items() if found)
    risk = f". {revision.header.risk}" if revision.header.risk else ""
    advice = " ".join(_ADVICE[kind] for kind, found in by_kind.items() if found)
    return markdown.table((f"`{revision.id}` {revision.message}", f"{whats}{risk}", advice), head=False)


_ADVICE = {
    Kind.BUILD: (
        "End long transactions first, the build waits for them. A build that was stopped leaves an INVALID index:"
        " drop it, then upgrade again."
    ),
    Kind.WORK: "Run it at a quiet time and follow it in `pg_stat_activity`.",
    Kind.LOSS: "Make sure of a backup that can be restored: a downgrade does not bring the data back.",
    Kind.ORDER: "Check first that no running code depends on the old form.",
}
