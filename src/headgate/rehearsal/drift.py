"""Drift: how the database that the migrations build differs from the one that the models build."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from headgate.catalog import Catalog, Difference, diff
from headgate.errors import HeadgateError
from headgate.project import Project
from headgate.rehearsal.model import Failure, Move, Rehearsal
from headgate.rehearsal.plan import leaves
from headgate.rehearsal.run import rehearse

__all__ = ["Built", "built", "differences"]


@dataclass(frozen=True)
class Built:
    """Two scratch databases: one that the migrations built, one that the models built.

    Args:
        url: the migrations' database, at head; it is there until the context ends.
        server: the version that built both, as in `18.4`.
        rehearsal: the run, with the catalogs of both.
    """

    url: str
    server: str
    rehearsal: Rehearsal

    @property
    def differences(self) -> tuple[Difference, ...]:
        """From the migrations' database to the models'."""
        return differences(self.rehearsal)

    @property
    def objects(self) -> int:
        """How many catalog objects the models have."""
        return len(self.rehearsal.models or ())


@contextmanager
def built(project: Project, tell: Callable[[str], None] = lambda _: None) -> Iterator[Built]:
    """Build one database by the migrations and one by the models.

    Args:
        project: the Alembic project.
        tell: is told what is being done.

    Raises:
        HeadgateError: one of them cannot be built.
    """
    from headgate.postgres.scratch import database
    from headgate.postgres.server import scratch_server

    config = project.config
    history = tuple(project.revisions)
    with ExitStack() as stack:
        server = stack.enter_context(
            scratch_server(
                major=config.postgres, cache=config.cache, url=config.server_url, extensions=project.extensions
            )
        )
        urls = [stack.enter_context(database(server)).url() for _ in range(2)]
        move = Move("up", history, leaves(project, set(history)))
        rehearsal = rehearse(project, [move], url=urls[0], models_url=urls[1], on_event=tell)
        if failure := rehearsal.steps[-1].failure:
            raise _stopped(project, f"the migrations stop at {failure.revision or 'env.py'}", failure)
        if rehearsal.models_failure:
            raise _stopped(project, "the models do not build a database", rehearsal.models_failure)
        if rehearsal.models is None:
            raise HeadgateError(
                f"{project.shown(project.script_folder / 'env.py')} gives context.configure no target_metadata.",
                "Give it the models' metadata; without it there is nothing to compare with.",
            )
        yield Built(urls[0], server.version, rehearsal)


def differences(rehearsal: Rehearsal) -> tuple[Difference, ...]:
    """Compare both databases of a rehearsal, object by object, both ways.

    The order of columns is left out: it follows from history, and PostgreSQL has no statement that changes it.

    Args:
        rehearsal: one that ended at head and let the models build a database.
    """
    if rehearsal.final is None or rehearsal.models is None:
        return ()
    migrated, modelled = (_theirs(catalog, rehearsal.left_out) for catalog in (rehearsal.final, rehearsal.models))
    # PostgreSQL itself gives some on the schema public.
    granted = any("grants" in held and name != "public" for (_, name), held in modelled.objects.items())
    home = rehearsal.version_table[0]
    return tuple(
        difference
        for difference in diff(migrated, modelled)
        if difference.change != "moved"
        # A model has no word for a grant: where no DDL of the models' gives any, they are somebody else's.
        and (granted or difference.attribute != "grants")
        and not (difference.kind == "schema" and difference.change == "removed" and difference.name == home)
    )


def _theirs(catalog: Catalog, left_out: frozenset[str]) -> Catalog:
    """A catalog without some tables and all that belongs to them."""
    if not left_out:
        return catalog
    return Catalog(
        {
            key: attributes
            for key, attributes in catalog.objects.items()
            if key[1] not in left_out and attributes.get("of") not in left_out
        }
    )


def _stopped(project: Project, what: str, failure: Failure) -> HeadgateError:
    return HeadgateError(
        f"Models and migrations cannot be compared, because {what}: {failure.error.rstrip('.')}.",
        f"Run `inv gate` in {project.config.root.name}: it shows the statement and the line.",
    )
