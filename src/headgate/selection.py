"""Which revisions to judge, where the user asks for others than the new ones."""

from __future__ import annotations

from dataclasses import replace

from headgate.errors import HeadgateError
from headgate.project import Project

__all__ = ["choose"]

_NAMED = 4


def choose(
    project: Project, *, revision: str | None = None, since: str | None = None, everything: bool = False
) -> Project:
    """Give the same project with other revisions to judge.

    Args:
        project: the Alembic project.
        revision: the id of one, or the beginning of it that fits no other; `head` for the head.
        since: a commit; those are judged whose files it does not have.
        everything: the whole history above the baseline, each revision as a change of its own.

    Raises:
        HeadgateError: there is no such revision or commit, or more than one of these was asked for.
    """
    if (revision is not None) + (since is not None) + everything > 1:
        raise HeadgateError(
            "--revision, --since and --all each say which revisions to judge.", "Give one of them, or none."
        )
    if everything:
        return replace(project, config=replace(project.config, judge="all"))
    if since is not None:
        return replace(project, chosen=_since(project, since))
    if revision is not None:
        return replace(project, chosen=(_named(project, revision),))
    return project


def _named(project: Project, text: str) -> str:
    if text in {"head", "heads"} and project.heads:
        return project.heads[-1]
    exact = [id_ for id_ in project.revisions if id_ == text]
    found = exact or [id_ for id_ in project.revisions if text and id_.startswith(text)]
    if len(found) == 1:
        return found[0]
    if found:
        raise HeadgateError(
            f"{text} begins the id of {len(found)} revisions: {', '.join(found[:_NAMED])}.", "Give more of it."
        )
    head = ", ".join(project.heads) or "none"
    raise HeadgateError(f"There is no revision {text or 'without an id'}.", f"Give the id of one; the head is {head}.")


def _since(project: Project, commit: str) -> tuple[str, ...]:
    repository = project.repository
    if repository is None or repository.run("rev-parse", "--verify", "--quiet", f"{commit}^{{commit}}") is None:
        raise HeadgateError(
            f"git has no commit {commit} here.", "Give a branch, a tag or a commit that this checkout has."
        )
    there = {path for folder in project.version_folders for path in repository.files_at(commit, folder)}
    return tuple(id_ for id_, file in project.revisions.items() if file.path not in there)
