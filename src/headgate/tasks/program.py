"""Invoke's program, with headgate's exit codes and with a list that reads as the workflow."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from invoke.exceptions import CollectionNotFound, ParseError, UnknownFileType
from invoke.exceptions import Exit as Ended
from invoke.program import Program

from headgate import __version__
from headgate.errors import HeadgateError
from headgate.tasks import SECTIONS, collection
from headgate.tasks.front import fail

__all__ = ["HeadgateProgram"]

_TITLES = {
    1: "Prereqs & environment",
    2: "Plan the change",
    3: "Create the migration",
    4: "Review the migration",
    5: "Apply & test locally",
    6: "Rollback",
    7: "Code & docs",
    8: "Pre-PR checklist",
    9: "One shot",
}


class HeadgateProgram(Program):
    """The command `headgate`."""

    def __init__(self) -> None:
        super().__init__(name="headgate", binary="headgate", version=__version__)

    def load_collection(self) -> None:
        """Take the nearest `tasks.py` when it has headgate's tasks, else headgate's own."""
        try:
            super().load_collection()
        except (Ended, CollectionNotFound, ImportError):
            self.collection = collection()
        except Exception as error:
            fail(
                HeadgateError(
                    f"The nearest tasks.py cannot be loaded: {type(error).__name__}: {error}.",
                    "Mend the file; `inv --list` shows the whole traceback.",
                )
            )
        else:
            if not {"gate", "migrate.new"} <= set(self.collection.task_names):
                self.collection = collection()

    def parse_core(self, argv: list[str] | None) -> None:
        """Read the options that stand before the tasks."""
        with _understood():
            super().parse_core(argv)

    def parse_tasks(self) -> None:
        """Read the tasks and their options."""
        with _understood():
            super().parse_tasks()

    def parse_cleanup(self) -> None:
        """Show what was asked for instead of a task: a list, a help."""
        with _understood():
            super().parse_cleanup()

    def update_config(self, merge: bool = True) -> None:
        """Read the file that `--config` names."""
        with _understood():
            super().update_config(merge)

    def no_tasks_given(self) -> None:
        """Show what there is to choose from."""
        self.list_tasks()
        raise Ended

    def list_flat(self) -> None:
        """List the tasks by the workflow's sections."""
        pairs = dict(self._make_pairs(self.scoped_collection))
        names = {label: label.partition(" (")[0] for label in pairs}
        order = list(SECTIONS)
        width = max(map(len, pairs))
        last: Any = None
        for label in sorted(
            pairs, key=lambda text: order.index(names[text]) if names[text] in SECTIONS else len(order)
        ):
            section = SECTIONS.get(names[label])
            if section != last:
                print(f"\n{f'{section}  {_TITLES[section]}' if section else 'The gate, the server, the repository'}")
                last = section
            print(f"  {label:<{width}}  {pairs[label] or ''}")
        print("\nheadgate <task> --help shows a task's options.")


@contextmanager
def _understood() -> Iterator[None]:
    """End with 2, as every other misuse does; a `ValueError` is a word where Invoke wants a number."""
    try:
        yield
    except (ParseError, ValueError, UnknownFileType) as error:
        what = str(error)
    except Ended as ended:
        if not ended.message:
            raise
        what = ended.message
    else:
        return
    fail(HeadgateError(f"{what.rstrip('!.')}.", "See `headgate --list` and `headgate <task> --help`."))
