"""What new revisions are measured from: the base branch, or a revision where there is no git."""

from __future__ import annotations

from headgate import git
from headgate.errors import HeadgateError
from headgate.project import Project

__all__ = ["measured_from"]


def measured_from(found: Project, base: str | None, baseline: str | None) -> tuple[str | None, str | None]:
    """Give the base branch where it is not one of the usual two, or the baseline where there is no git.

    Args:
        found: the Alembic project.
        base: the branch that the user named.
        baseline: the revision that the user named.

    Raises:
        HeadgateError: there is no such branch or revision, or one must be named.
    """
    repository = git.find_repository(found.config.root)
    if base and repository and not any(_has(repository, name) for name in (base, f"origin/{base}")):
        raise HeadgateError(
            f"The repository has no branch {base}.",
            f"Fetch it, or name one that is here: {', '.join(sorted(_branches(repository))) or 'none yet'}.",
        )
    if baseline and baseline not in found.revisions:
        raise HeadgateError(
            f"{baseline} is not a revision of {found.shown(found.version_folders[0])}.",
            f"Name the newest one that is not to be judged: headgate init --baseline {(found.heads or ('ID',))[-1]}",
        )
    if base or baseline:
        return base, baseline
    if found.config.judge == "all":
        return None, None
    if repository is None:
        if len(found.heads) == 1:
            return None, found.heads[0]
        raise HeadgateError(
            f"{found.config.root} is in no git repository, so nothing says which revisions are new.",
            f"Name the newest one that is not to be judged: headgate init --baseline {(found.heads or ('ID',))[-1]}",
        )
    remote = (repository.run("symbolic-ref", "--short", "refs/remotes/origin/HEAD") or "").strip()
    if remote := remote.removeprefix("origin/"):
        return (None if remote in ("main", "master") else remote), None
    branches = _branches(repository)
    if not branches or branches & {"main", "master"}:
        return None, None
    if len(branches) == 1:
        return branches.pop(), None
    raise HeadgateError(
        f"The repository has {len(branches)} branches, and none is called main or master.",
        f"Name the one that work is merged into: headgate init --base {min(branches)}",
    )


def _has(repository: git.Repository, name: str) -> bool:
    return repository.run("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}") is not None


def _branches(repository: git.Repository) -> set[str]:
    listed = repository.run("for-each-ref", "--format=%(refname:short)", "refs/heads", "refs/remotes/origin") or ""
    return {name.removeprefix("origin/") for name in listed.split()} - {"origin", "HEAD"}
