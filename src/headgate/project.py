"""The Alembic project: where it is, its history in order, and which of its revisions are new.

The history is read from the files alone. Nothing of the project is imported here, so a history that cannot be run can
still be described, with the file and the line that is at fault.
"""

from __future__ import annotations

import configparser
import graphlib
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from headgate import git, redaction
from headgate.config import Config
from headgate.errors import HeadgateError
from headgate.revisions.file import RevisionFile, read

if TYPE_CHECKING:
    from alembic.config import Config as AlembicConfig

__all__ = ["Project", "find"]

# Deep enough for services/<name>/src/<package>/, and an empty home folder is still answered at once.
_DEPTH = 5
_NAMED = 4
_SKIPPED = frozenset({"node_modules", "site-packages", "__pycache__"})


@dataclass(frozen=True)
class Project:
    """One Alembic environment.

    Args:
        config: headgate's settings.
        ini: the Alembic ini file.
        script_folder: the folder of env.py.
        version_folders: the folders of the revision files.
        recursive: whether their subfolders count too.
    """

    config: Config
    ini: Path
    script_folder: Path
    version_folders: tuple[Path, ...]
    recursive: bool

    @cached_property
    def revisions(self) -> Mapping[str, RevisionFile]:
        """Every revision by id, parents before children.

        Raises:
            HeadgateError: a file cannot be read, an id stands twice, a parent is missing, or there is a cycle.
        """
        return _in_order(self, list(self._files()))

    @cached_property
    def heads(self) -> tuple[str, ...]:
        """The ids that no other revision builds on."""
        parents = {parent for revision in self.revisions.values() for parent in revision.parents}
        return tuple(id_ for id_ in self.revisions if id_ not in parents)

    @cached_property
    def repository(self) -> git.Repository | None:
        """The git checkout that holds the revisions, or `None`."""
        return git.find_repository(self.script_folder)

    @cached_property
    def base_commit(self) -> str | None:
        """The commit that new revisions are measured from, or `None` where git gives none."""
        return self.repository.base(self.config.base, os.environ) if self.repository else None

    @cached_property
    def merged(self) -> Mapping[Path, str]:
        """The revision files that the base branch has, each with git's id of its content there."""
        if not (self.repository and self.base_commit):
            return {}
        return {
            path: content
            for folder in self.version_folders
            for path, content in self.repository.files_at(self.base_commit, folder).items()
        }

    @cached_property
    def new(self) -> tuple[str, ...]:
        """The ids of the revisions that are judged, parents first: not on the base branch, and above the baseline."""
        old = self._below_baseline()
        if self.config.judge == "all":
            return tuple(id_ for id_ in self.revisions if id_ not in old)
        if self.repository is None:
            raise HeadgateError(
                f"{self.config.root} is not in a git repository, so nothing says which revisions are new.",
                'Run `git init`, or judge the whole history with judge = "all" in [tool.headgate].',
            )
        if self.base_commit is None and self.repository.has_commits:
            raise HeadgateError(
                f"Nothing says which revisions are new: git has no commit that this work shares with"
                f" {self.config.base or 'main or master'}.",
                "Fetch that branch with its history (actions/checkout: fetch-depth: 0),"
                " or set base in [tool.headgate].",
            )
        return tuple(id_ for id_, file in self.revisions.items() if id_ not in old and file.path not in self.merged)

    def with_ancestors(self, ids: Iterable[str]) -> set[str]:
        """Give these ids and all that they build on or depend on: what a database has that is at them."""
        labels = _labels(self.revisions.values())
        found: set[str] = set()
        pending = list(ids)
        while pending:
            if (id_ := pending.pop()) not in found:
                found.add(id_)
                pending.extend(_needed(self.revisions[id_], labels))
        return found

    def shown(self, path: Path) -> str:
        """Give a path as the user would type it from the repository's root."""
        return Path(os.path.relpath(path, self.config.root)).as_posix()

    def alembic_config(self) -> AlembicConfig:
        """Give the configuration object that Alembic's own commands take, as from the command line."""
        return _alembic_config(self.ini, self.config.section)

    def _below_baseline(self) -> set[str]:
        if self.config.baseline is None:
            return set()
        if self.config.baseline not in self.revisions:
            raise HeadgateError(
                f'The baseline "{self.config.baseline}" is not a revision of {self.shown(self.version_folders[0])}.',
                "Set baseline in [tool.headgate] to the id of the newest revision that is not to be judged.",
            )
        return self.with_ancestors([self.config.baseline])

    def _files(self) -> Iterator[RevisionFile]:
        for folder in self.version_folders:
            pattern = "**/*.py" if self.recursive else "*.py"
            for path in sorted(folder.glob(pattern)):
                if path.name != "__init__.py" and (file := read(path)):
                    yield file


def find(config: Config) -> Project:
    """Find the Alembic project that the settings mean.

    Args:
        config: headgate's settings. Without `alembic`, the one ini file below the root is taken.

    Raises:
        HeadgateError: there is none, there are several, or its ini file is broken.
    """
    ini = config.root / config.alembic if config.alembic else _only_ini(config.root)
    if not ini.is_file():
        raise HeadgateError(
            f"{ini} does not exist.", "Set alembic in [tool.headgate] to the path of the project's alembic.ini."
        )
    from alembic.script import ScriptDirectory
    from alembic.util import CommandError

    try:
        alembic = _alembic_config(ini, config.section)
        redaction.remember(alembic.file_config.get(config.section, "sqlalchemy.url", raw=True, fallback=""))
        script = ScriptDirectory.from_config(alembic)
    except (configparser.Error, CommandError, ImportError, ValueError) as error:
        # configparser names the file as Python would write it.
        reason = " ".join(str(error).replace(repr(ini), ini.name).split()).rstrip(".")
        raise HeadgateError(
            f"{ini} is broken: {reason}.", "Mend the file; `alembic init` writes a whole one."
        ) from error
    folders = tuple(Path(folder).resolve() for folder in script.version_locations or [f"{script.dir}/versions"])
    for folder in (*folders, Path(script.dir)):
        if not folder.is_dir():
            raise HeadgateError(
                f"{ini} names {folder}, which is not there.", "Correct script_location or version_locations."
            )
    return Project(config, ini.resolve(), Path(script.dir).resolve(), folders, bool(script.recursive_version_locations))


def _alembic_config(ini: Path, section: str) -> AlembicConfig:
    from alembic.config import Config as AlembicConfig

    return AlembicConfig(str(ini), ini_section=section)


def _only_ini(root: Path) -> Path:
    found = []
    for folder, below, names in os.walk(root):
        if "pyvenv.cfg" in names or len(Path(folder).relative_to(root).parts) >= _DEPTH:
            below.clear()
        below[:] = sorted(name for name in below if not name.startswith(".") and name not in _SKIPPED)
        found += [Path(folder, "alembic.ini")] if "alembic.ini" in names else []
    if not found:
        raise HeadgateError(
            f"There is no Alembic project in {root}: no alembic.ini there or in a folder below.",
            "Go to the project's folder, or set alembic in [tool.headgate] to the path of its ini file.",
        )
    if len(found) > 1:
        names = [path.relative_to(root).as_posix() for path in found[:_NAMED]]
        rest = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
        raise HeadgateError(
            f"There are {len(found)} Alembic projects in {root}: {', '.join(names)}{rest}.",
            "Choose one: set alembic in [tool.headgate] to its path.",
        )
    return found[0]


def _labels(files: Iterable[RevisionFile]) -> Mapping[str, str]:
    return {label: file.id for file in files for label in file.branch_labels}


def _needed(file: RevisionFile, labels: Mapping[str, str]) -> list[str]:
    """The ids that must be applied before the file's: its parents first, then what it depends on."""
    return [*file.parents, *(labels.get(name, name) for name in file.depends_on)]


def _in_order(project: Project, files: list[RevisionFile]) -> Mapping[str, RevisionFile]:
    by_id: dict[str, RevisionFile] = {}
    for file in files:
        if (other := by_id.get(file.id)) is not None:
            raise HeadgateError(
                f"The revision id {file.id} stands twice: {project.shown(other.path)}, {project.shown(file.path)}.",
                "Give one of them another id, and have it build on the other.",
            )
        by_id[file.id] = file
    labels = _labels(files)
    sorter: graphlib.TopologicalSorter[str] = graphlib.TopologicalSorter()
    for file in files:
        needed = _needed(file, labels)
        for parent, name in [(parent, "down_revision") for parent in file.parents] + [
            (parent, "depends_on") for parent in needed[len(file.parents) :]
        ]:
            if parent not in by_id:
                raise HeadgateError(
                    f"{project.shown(file.path)}, line {file.lines[name]}: {name} {parent} is in no file of "
                    f"{project.shown(project.version_folders[0])}.",
                    "Fetch the missing revision, or set it to the revision that this one builds on.",
                )
        sorter.add(file.id, *needed)
    try:
        return {id_: by_id[id_] for id_ in sorter.static_order()}
    except graphlib.CycleError as error:
        circle = " -> ".join(reversed(error.args[1]))
        raise HeadgateError(
            f"The revisions go round in a circle: {circle}.",
            f"Correct down_revision or depends_on in {project.shown(by_id[error.args[1][0]].path)}.",
        ) from error
