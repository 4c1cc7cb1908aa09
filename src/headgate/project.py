"""The Alembic project: where it is, its history in order, and which of its revisions are new.

The history is read from the files alone. Nothing of the project is imported here, so a history that cannot be run can
still be described, with the file and the line that is at fault.
"""

from __future__ import annotations

import configparser
import graphlib
import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from headgate import git, layout, locating, redaction
from headgate.config import Config
from headgate.errors import HeadgateError
from headgate.revisions import extensions, order
from headgate.revisions.file import RevisionFile, read
from headgate.revisions.index import Index

if TYPE_CHECKING:
    from alembic.config import Config as AlembicConfig

__all__ = ["Project", "find"]


@dataclass(frozen=True)
class Project:
    """One Alembic environment.

    Args:
        config: headgate's settings.
        ini: the Alembic ini file.
        folder: where Alembic is run: what the ini file says of folders is relative to it.
        script_folder: the folder of env.py.
        version_folders: the folders of the revision files.
        recursive: whether their subfolders count too.
        chosen: the ids of the revisions to judge, where the user named them; `None` for the new ones.
    """

    config: Config
    ini: Path
    folder: Path
    script_folder: Path
    version_folders: tuple[Path, ...]
    recursive: bool
    chosen: tuple[str, ...] | None = None

    @cached_property
    def revisions(self) -> Mapping[str, RevisionFile]:
        """Every revision by id, parents before children.

        Raises:
            HeadgateError: a file cannot be read, an id stands twice, a parent is missing, or there is a cycle.
        """
        ordered = _in_order(self, list(self._files()))
        if not self.config.heads:
            return ordered
        wanted = order.below(ordered, self.config.heads)
        return {id_: file for id_, file in ordered.items() if id_ in wanted}

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
        if self.chosen is not None:
            return self.chosen
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

    @property
    def each(self) -> bool:
        """Whether each judged revision is a change of its own; else they are deployed together, as one."""
        return self.config.judge == "all" and (self.chosen is None or len(self.chosen) > 1)

    @cached_property
    def scope(self) -> set[str]:
        """The ids that are run: all of them, or what the chosen ones build on and themselves."""
        return set(self.revisions) if self.chosen is None else self.with_ancestors(self.chosen)

    @cached_property
    def extensions(self) -> frozenset[str]:
        """The extensions that the settings, the revisions or the SQL before them ask for."""
        before = self.config.prepare.sql or ""
        path = self.config.root / before
        if before.endswith(".sql") and path.is_file():
            before = path.read_text(encoding="utf-8", errors="replace")
        files = (self.revisions[id_] for id_ in self.scope)
        return extensions.named(files).union(self.config.extensions, extensions.created(before))

    def with_ancestors(self, ids: Iterable[str]) -> set[str]:
        """Give these ids and all that they build on or depend on: what a database has that is at them."""
        found: set[str] = set()
        pending = list(ids)
        while pending:
            if (id_ := pending.pop()) not in found:
                found.add(id_)
                pending.extend(self.needed(id_))
        return found

    def needed(self, id_: str) -> list[str]:
        """Give the ids that must be applied before this one: its parents first, then what it depends on."""
        return order.needed(self.revisions[id_], self._labels)

    @cached_property
    def _labels(self) -> Mapping[str, str]:
        return order.labels(self.revisions.values())

    def shown(self, path: Path) -> str:
        """Give a path as the user would type it from the repository's root."""
        return Path(os.path.relpath(path, self.config.root)).as_posix()

    def alembic_config(self) -> AlembicConfig:
        """Give the configuration object that Alembic's own commands take, as from the command line."""
        return locating.alembic_config(self.ini, self.config.section, folder=self.folder)

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
        index = self._index()
        for folder in self.version_folders:
            pattern = "**/*.py" if self.recursive else "*.py"
            for path in sorted(folder.glob(pattern)):
                if path.name != "__init__.py" and (file := read(path, index)):
                    yield file
        if index:
            index.save()

    def _index(self) -> Index | None:
        if not self.config.keep:
            return None
        name = hashlib.sha256(os.fsencode(self.script_folder)).hexdigest()[:16]
        return Index(self.config.cache / "revisions" / f"{name}.json")


def find(config: Config) -> Project:
    """Find the Alembic project that the settings mean.

    Args:
        config: headgate's settings. Without `alembic`, the one ini file below the root is taken.

    Raises:
        HeadgateError: there is none, there are several, or its ini file is broken.
    """
    ini = config.root / config.alembic if config.alembic else locating.only_file(config.root)
    if not ini.is_file():
        raise HeadgateError(
            f"{ini} does not exist.", "Set alembic in [tool.headgate] to the path of the project's alembic.ini."
        )
    try:
        config = replace(config, section=locating.section_of(ini, config.section))
        config = replace(config, database=_database(ini, config))
        redaction.remember(locating.url_in(ini, config.section))
        where = layout.find(ini, config)
    except HeadgateError:
        raise
    except Exception as error:
        if not _is_of_ini(error):
            raise
        # configparser names the file as Python would write it.
        reason = " ".join(str(error).replace(repr(ini), ini.name).split()).rstrip(".")
        raise HeadgateError(
            f"{ini} is broken: {reason}.", "Mend the file; `alembic init` writes a whole one."
        ) from error
    folder = Path(where.folder)
    named = where.versions or (f"{where.script}/versions",)
    folders = tuple((folder / part).resolve() for part in [config.root / one for one in config.versions] or named)
    for part in (*folders, Path(where.script)):
        if not part.is_dir():
            raise HeadgateError(
                f"{ini} names {part}, which is not there.", "Correct script_location or version_locations."
            )
    return Project(config, ini.resolve(), folder, Path(where.script).resolve(), folders, where.recursive)


def _is_of_ini(error: Exception) -> bool:
    """Whether it is what configparser and Alembic say of a broken file."""
    from alembic.util import CommandError

    return isinstance(error, configparser.Error | CommandError | ImportError | ValueError)


def _database(ini: Path, config: Config) -> str | None:
    """The database of a multidb env.py that is judged; `None` for an env.py that has one."""
    names = locating.databases(ini, config.section)
    if config.database in names or (config.database is None and not names):
        return config.database
    if config.database is None and len(names) == 1:
        return names[0]
    if config.database is None:
        raise HeadgateError(
            f"{ini} is of {len(names)} databases: {', '.join(names)}.",
            f'Choose the one that is judged: set database = "{names[0]}" in [tool.headgate].',
        )
    raise HeadgateError(
        f"{ini} has no database {config.database}; databases in [{config.section}] names {', '.join(names) or 'none'}.",
        "Correct database in [tool.headgate].",
    )


def _in_order(project: Project, files: list[RevisionFile]) -> Mapping[str, RevisionFile]:
    by_id: dict[str, RevisionFile] = {}
    for file in files:
        if (other := by_id.get(file.id)) is not None:
            raise HeadgateError(
                f"The revision id {file.id} stands twice: {project.shown(other.path)}, {project.shown(file.path)}.",
                "Give one of them another id, and have it build on the other.",
            )
        by_id[file.id] = file
    labels = order.labels(files)
    sorter: graphlib.TopologicalSorter[str] = graphlib.TopologicalSorter()
    for file in files:
        needed = order.needed(file, labels)
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
