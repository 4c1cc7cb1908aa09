"""What git knows about the repository: its base branch, and what each file was there.

Nothing here changes the repository. Where there is no git, or no base, the answer is `None` and the caller decides.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Repository", "find_repository"]


@dataclass(frozen=True)
class Repository:
    """A git checkout.

    Args:
        root: the top folder of the work tree.
    """

    root: Path

    def run(self, *arguments: str) -> str | None:
        """Give what `git <arguments>` printed, or `None` when git says no."""
        # A hook's GIT_DIR and GIT_INDEX_FILE would point git at another repository than `root`.
        environment = {name: value for name, value in os.environ.items() if name not in _HOOK_VARIABLES}
        done = subprocess.run(
            # A container's root often works on a checkout of somebody else, which git would not even look at.
            ["git", "-c", "core.quotepath=off", "-c", "safe.directory=*", "-C", str(self.root), *arguments],
            capture_output=True,
            check=False,
            env=environment,
            encoding="utf-8",
            errors="surrogateescape",
        )
        return done.stdout if done.returncode == 0 else None

    @property
    def has_commits(self) -> bool:
        """Whether anything is committed on what is checked out."""
        return self.run("rev-parse", "--verify", "--quiet", "HEAD") is not None

    def base(self, wanted: str | None, environment: Mapping[str, str]) -> str | None:
        """Name the commit that new work is measured from: the merge base with the base branch.

        Args:
            wanted: the branch or commit that the project names, or `None` to look for the usual ones.
            environment: the process's environment; a pull request's base branch is read from `GITHUB_BASE_REF`.

        Returns:
            A commit id, or `None` where no candidate exists or nothing is committed yet.
        """
        target = environment.get("GITHUB_BASE_REF") or ""
        names = [target, wanted] if wanted else [target, "main", "master"]
        for name in filter(None, names):
            # The remote's branch first: a stale local `main` would make merged revisions look new.
            for candidate in (f"origin/{name}", name):
                if merge_base := self.run("merge-base", "HEAD", candidate):
                    return merge_base.strip()
        return None

    def files_at(self, commit: str, folder: Path) -> Mapping[Path, str]:
        """Map each file below a folder, as it was at a commit, to the id of its content.

        Args:
            commit: a commit id.
            folder: an absolute path inside the work tree.
        """
        inside = os.path.relpath(folder, self.root)
        listing = self.run("ls-tree", "-r", "-z", commit, "--", inside) or ""
        files = {}
        for entry in filter(None, listing.split("\0")):
            fields, _, name = entry.partition("\t")
            files[self.root / name] = fields.split()[2]
        return files

    def content_ids(self, paths: list[Path]) -> list[str]:
        """Give the id that git has for the content of each file as it is in the work tree now."""
        if not paths:
            return []
        answer = self.run("hash-object", "--", *(os.path.relpath(path, self.root) for path in paths)) or ""
        return answer.split()


_HOOK_VARIABLES = frozenset({"GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE", "GIT_PREFIX"})


def find_repository(start: Path) -> Repository | None:
    """Find the git checkout that a folder is in.

    Args:
        start: any folder.

    Returns:
        The checkout, or `None` when git is not installed or the folder is in no checkout.
    """
    if shutil.which("git") is None:
        return None
    top = Repository(start).run("rev-parse", "--show-toplevel")
    return Repository(Path(top.rstrip("\n"))) if top else None
