"""The state below the new revisions, kept between runs: with it, a review costs what the new revisions cost.

It is thrown away on doubt: when a revision below, the ini file, anything that env.py and those revisions read, or a
version of what ran them is another one. In CI nothing is kept, so that a wrong state could never pass twice.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from headgate import locating
from headgate.rehearsal.contents import Inhabitants, Values
from headgate.rehearsal.inputs import Input, seen_from_here, unchanged
from headgate.rehearsal.model import Fill, Move, Start
from headgate.rehearsal.prepared import prepared

if TYPE_CHECKING:
    from headgate.postgres.server import Server
    from headgate.project import Project

__all__ = ["Base", "server_for"]

# A shorter history takes less time than the copy of a cluster.
_WORTHWHILE = 20
_FORM = 3


@dataclass(frozen=True)
class Base:
    """Databases on a server in which everything below the new revisions ran.

    Args:
        revisions: the ids that ran.
        templates: the database to copy for each way of filling it: `ordinary` or `awkward` rows.
        starts: what is known of each.
    """

    revisions: frozenset[str] = frozenset()
    templates: Mapping[str, str] = field(default_factory=dict)
    starts: Mapping[str, Start] = field(default_factory=dict)

    def after(self, moves: Sequence[Move | Fill]) -> tuple[str, Start, list[Move | Fill]] | None:
        """Say how moves can begin here that would begin with nothing.

        Returns:
            The template to copy, what is known of it, and the moves that are left; `None` where these do not begin
            with what ran here, and with rows that know nothing of what follows.
        """
        match moves:
            case [Move(revisions=revisions), Fill(fit=()) as fill, *rest] if frozenset(revisions) == self.revisions:
                kind = "awkward" if fill.awkward else "ordinary"
                return self.templates[kind], self.starts[kind], rest
        return None


class _NotKeptError(Exception):
    """The history does not run: that is to be told by the run that judges, with all it says."""


@contextmanager
def server_for(project: Project, tell: Callable[[str], None]) -> Iterator[tuple[Server, Base | None]]:
    """Start the server that judges, with the state below the new revisions where that is kept.

    Args:
        project: the Alembic project.
        tell: is told what is being done.

    Yields:
        The server, and the state; `None` where everything is to be run from nothing.
    """
    from headgate.postgres.server import scratch_server
    from headgate.postgres.states import kept_server

    config = project.config
    below = [id_ for id_ in project.revisions if id_ in project.scope and id_ not in set(project.new)]
    others = config.server_url or config.given or config.prepare.command or project.each
    if config.keep and not others and len(below) >= _WORTHWHILE and _is_below(project):
        kept = kept_server(
            major=config.postgres,
            cache=config.cache,
            extensions=project.extensions,
            key=_key(project, below),
            holds=_holds,
            build=lambda server: _build(project, below, server, tell),
        )
        try:
            server, notes = kept.__enter__()
        except _NotKeptError:
            pass
        else:
            try:
                yield server, _read(notes, below)
            finally:
                kept.__exit__(None, None, None)
            return
    with scratch_server(
        major=config.postgres, cache=config.cache, url=config.server_url, extensions=project.extensions
    ) as server:
        yield server, None


def _is_below(project: Project) -> bool:
    """Whether no merged revision builds on a new one."""
    new = set(project.new)
    return not any(new.intersection(project.needed(id_)) for id_ in project.scope - new)


def _key(project: Project, below: list[str]) -> str:
    """Name a state by all that is known before anything runs."""
    config = project.config
    digest = hashlib.sha256()
    for part in (
        _FORM,
        sys.version,
        _installed(),
        _own_code(),
        config.root,
        config.section,
        prepared(project),
        config.rows,
        config.timezone,
        project.ini.read_bytes(),
        locating.tool_table(project.ini.with_name("pyproject.toml")),
    ):
        digest.update(repr(part).encode())
    for id_ in below:
        file = project.revisions[id_]
        digest.update(f"{id_} {file.path}\n{file.source}\0".encode(errors="surrogateescape"))
    return digest.hexdigest()[:32]


def _installed() -> list[str]:
    """The versions of all that is installed beside what runs the revisions, which need not be imported for that."""
    specs = (importlib.util.find_spec(name) for name in ("alembic", "psycopg", "sqlalchemy"))
    folders = {Path(spec.origin).parents[1] for spec in specs if spec and spec.origin}
    return sorted(path.name for folder in folders for path in folder.glob("*.dist-info"))


def _own_code() -> list[tuple[str, int, int]]:
    """What headgate itself is: its version where it is installed, each edit where it is worked on."""
    package = Path(__file__).resolve().parents[1]
    files = sorted(path for part in ("catalog", "postgres", "rehearsal") for path in (package / part).rglob("*.py"))
    states = ((path, path.stat()) for path in files)
    return [(path.name, state.st_size, state.st_mtime_ns) for path, state in states]


def _holds(notes: str) -> bool:
    try:
        return unchanged(Input(*one) for one in json.loads(notes)["inputs"])
    except (ValueError, KeyError, TypeError):
        return False


def _build(project: Project, below: list[str], server: Server, tell: Callable[[str], None]) -> str:
    from headgate.catalog.followed import Followed
    from headgate.postgres.scratch import create, freeze, set_timezone
    from headgate.rehearsal.inhabited import Inhabited
    from headgate.rehearsal.plan import leaves
    from headgate.rehearsal.run import rehearse

    first = create(server)
    set_timezone(first, project.config.timezone)
    history = Move("up", tuple(below), leaves(project, set(below)))
    rehearsal = rehearse(project, [history], url=first.url(), record=True, on_event=tell)
    if rehearsal.steps[-1].failure:
        raise _NotKeptError
    databases = {"awkward": create(server, template=first.name), "ordinary": first}
    known: dict[str, Inhabitants] = {}
    pictures: dict[str, str] = {}
    for name, database in databases.items():
        with database.connect() as own:
            tables = Inhabited(own)
            tables.fill(Fill(project.config.rows, awkward=name == "awkward"), rehearsal.version_table, tell)
            followed = Followed(own, rehearsal.version_table)
            followed.read()
            pictures[name] = followed.state
        known[name] = tables.known
    templates = {name: freeze(server, database) for name, database in databases.items()}
    return json.dumps(
        {
            "inputs": seen_from_here(rehearsal.inputs, without=project.config.url_variable),
            "version_table": rehearsal.version_table,
            "templates": templates,
            "rows": {name: dict(one.rows) for name, one in known.items()},
            "held": {name: dict(one.held) for name, one in known.items()},
            "not_filled": {name: dict(one.not_filled) for name, one in known.items()},
            "pictures": pictures,
        }
    )


def _read(notes: str, below: list[str]) -> Base:
    told = json.loads(notes)
    starts = {
        name: Start(
            version_table=(told["version_table"][0], told["version_table"][1]),
            inhabitants=Inhabitants(
                rows={int(oid): rows for oid, rows in told["rows"][name].items()},
                held={
                    int(oid): (table, {column: Values(*values) for column, values in columns.items()})
                    for oid, (table, columns) in told["held"][name].items()
                },
                not_filled=told["not_filled"][name],
            ),
            picture=told["pictures"][name],
        )
        for name in told["templates"]
    }
    return Base(frozenset(below), told["templates"], starts)
