"""Ask the real database what the waiting revisions declare of its rows, before anything is changed.

The first revision's preconditions are asked before all. Those of a later one are asked then too, unless an earlier
waiting revision may still make them true: one that runs SQL of its own may fill the gaps or take the duplicates away,
and one that makes a table or a column makes what is asked about. Those are asked right before their own revision.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

from headgate.apply.target import Target
from headgate.errors import Exit, HeadgateError
from headgate.project import Project
from headgate.rehearsal import child
from headgate.revisions.file import Precondition, RevisionFile

__all__ = ["Preconditions"]

# What names something that is not there: class 42 of errcodes-appendix.html, and a schema.
_NOT_THERE = frozenset({"42P01", "42703", "42704", "42883", "3F000"})

# Operations that leave every row's values as they are: https://alembic.sqlalchemy.org/en/latest/ops.html
_OF_SCHEMA = frozenset(
    {
        "add_column", "alter_column", "create_check_constraint", "create_exclude_constraint", "create_foreign_key",
        "create_index", "create_primary_key", "create_table", "create_table_comment", "create_unique_constraint",
        "drop_constraint", "drop_index", "drop_table_comment", "f", "get_context", "autocommit_block",
        "batch_alter_table", "rename_table",
    }
)  # fmt: skip
_TYPES = frozenset({"sa", "sqlalchemy", "postgresql"})


class Preconditions:
    """What the waiting revisions declare.

    Args:
        project: the Alembic project.
        target: the database.
        waiting: the ids that are to be applied, in order.

    Raises:
        HeadgateError: a declaration cannot be read.
    """

    def __init__(self, project: Project, target: Target, waiting: Sequence[str]) -> None:
        self._project, self._target = project, target
        self._waiting = [project.revisions[id_] for id_ in waiting]
        self._left: dict[str, list[Precondition]] = {}
        for file in self._waiting:
            if file.unread_precondition is not None:
                raise HeadgateError(
                    f"{project.shown(file.path)}, line {file.unread_precondition}: preconditions is not a dict of"
                    " literal texts.",
                    'Write it as preconditions = {"no duplicate users.email": "SELECT count(*) FROM …"}; nothing was'
                    " changed.",
                )
            self._left[file.id] = list(file.declared)

    def before_all(self) -> None:
        """Ask all that can be asked before the first revision runs.

        Raises:
            HeadgateError: one does not hold, or cannot be asked.
        """
        can_wait = False
        for index, file in enumerate(self._waiting):
            self._ask(file, can_wait=index > 0, asked=not can_wait, applied=0)
            can_wait = can_wait or _may_change_rows(file)

    def before(self, id_: str, applied: int) -> None:
        """Ask what is left to ask of one revision, right before it runs.

        Args:
            id_: its id.
            applied: how many revisions have been applied.

        Raises:
            HeadgateError: one does not hold, or cannot be asked.
        """
        self._ask(self._project.revisions[id_], can_wait=False, asked=True, applied=applied)

    def _ask(self, file: RevisionFile, *, can_wait: bool, asked: bool, applied: int) -> None:
        left = self._left[file.id]
        if not left or not asked:
            return
        answers: list[tuple[object, str | None, str | None]] = child.call(
            _answers, self._target.url, tuple(one.query for one in left)
        )
        for one, (found, sqlstate, error) in zip(tuple(left), answers, strict=True):
            if sqlstate in _NOT_THERE and can_wait:
                continue
            left.remove(one)
            if error is not None:
                raise self._refused(file, one, f"cannot be asked: {error}", "Correct the query", applied)
            if found != 0:
                raise self._refused(file, one, f"does not hold: {found}", "Mend the rows that it finds", applied)

    def _refused(self, file: RevisionFile, one: Precondition, why: str, fix: str, applied: int) -> HeadgateError:
        done = "nothing was changed" if not applied else f"{applied} before it applied, nothing of it was changed"
        return HeadgateError(
            f'{self._project.shown(file.path)}, line {one.line}: the precondition "{one.name}" {why}'
            f" ({' '.join(one.query.split())}).",
            f"{fix}, then run inv migrate.up again; {done}.",
            code=Exit.FINDINGS,
        )


def _may_change_rows(file: RevisionFile) -> bool:
    """Whether the upgrade calls anything but what is known to change the schema alone."""
    function = file.function("upgrade")
    calls = [node.func for node in ast.walk(function) if isinstance(node, ast.Call)] if function else []
    for call in calls:
        match call:
            case ast.Attribute(attr=name) if name in _OF_SCHEMA:
                continue
            case ast.Attribute(value=ast.Name(id=owner)) if owner in _TYPES:
                continue
            case _:
                return True
    return False


def _answers(emit: child.Emit, url: str, queries: tuple[str, ...]) -> list[tuple[object, str | None, str | None]]:
    """What each query gives; or the code and the words of the server that refused it. Nothing can be written."""
    import psycopg

    from headgate.rehearsal.isolation import connect

    answers: list[tuple[object, str | None, str | None]] = []
    with connect(url) as connection:
        connection.read_only = True
        for query in queries:
            try:
                with connection.transaction():
                    rows = connection.execute(query.encode()).fetchmany(2)
            except psycopg.Error as error:
                answers.append((None, error.sqlstate, error.diag.message_primary or str(error).partition("\n")[0]))
                continue
            one = rows[0][0] if len(rows) == 1 and len(rows[0]) == 1 else None
            number = isinstance(one, int) and not isinstance(one, bool)
            answers.append((one, None, None) if number else (None, None, "it gives something else than one number"))
    return answers
