"""Which revisions build on which: parents, dependencies, branch labels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from headgate.errors import HeadgateError
from headgate.revisions.file import RevisionFile

__all__ = ["apart", "below", "labels", "needed", "tips"]


def labels(files: Iterable[RevisionFile]) -> Mapping[str, str]:
    """Give the id that each branch label stands on."""
    return {label: file.id for file in files for label in file.branch_labels}


def needed(file: RevisionFile, labelled: Mapping[str, str]) -> list[str]:
    """Give the ids that must be applied before the file's: its parents first, then what it depends on."""
    return [*file.parents, *(labelled.get(name, name) for name in file.depends_on)]


def tips(files: Mapping[str, RevisionFile], *, without: Iterable[str] = ()) -> list[str]:
    """Give the ids that no other revision builds on.

    Args:
        files: revisions by id.
        without: the ids of those that are taken as not being there.
    """
    left_out = set(without)
    parents = {parent for id_, file in files.items() if id_ not in left_out for parent in file.parents}
    return [id_ for id_ in files if id_ not in parents | left_out]


def below(files: Mapping[str, RevisionFile], heads: Iterable[str]) -> set[str]:
    """Give the ids that some heads are and build on.

    Args:
        files: every revision by id, parents before children.
        heads: ids or branch labels.

    Raises:
        HeadgateError: there is no such id or label.
    """
    labelled = labels(files.values())
    found: set[str] = set()
    pending: list[str] = []
    for name in heads:
        id_ = labelled.get(name, name)
        if id_ not in files:
            raise HeadgateError(
                f"heads in [tool.headgate] names {name}, which is no revision and no branch label.",
                f"Name some of these, or what they build on: {', '.join(tips(files))}.",
            )
        # A label stands on the first revision of its branch, and means the last.
        pending += tips(_above(id_, files)) if name in labelled else [id_]
    while pending:
        if (id_ := pending.pop()) not in found:
            found.add(id_)
            pending.extend(needed(files[id_], labelled))
    return found


def apart(files: Mapping[str, RevisionFile], heads: Iterable[str]) -> bool:
    """Say whether heads are meant to stay apart: each is of a root of its own, or of a branch with a label of its own.

    https://alembic.sqlalchemy.org/en/latest/branches.html#working-with-multiple-bases

    Args:
        files: every revision by id, parents before children.
        heads: ids.
    """
    lines = [_line(files, head) for head in heads]
    for at, line in enumerate(lines):
        for other in lines[:at]:
            shared = line & other
            named = all(any(files[id_].branch_labels for id_ in one - shared) for one in (line, other))
            if shared and not named:
                return False
    return True


def _line(files: Mapping[str, RevisionFile], head: str) -> set[str]:
    """A head and all that it builds on; what it depends on is of another line."""
    found: set[str] = set()
    pending = [head]
    while pending:
        if (id_ := pending.pop()) not in found:
            found.add(id_)
            pending.extend(files[id_].parents)
    return found


def _above(id_: str, files: Mapping[str, RevisionFile]) -> dict[str, RevisionFile]:
    branch = {id_: files[id_]}
    for one, file in files.items():
        if not branch.keys().isdisjoint(file.parents):
            branch[one] = file
    return branch
