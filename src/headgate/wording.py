"""How numbers, the server's messages and commands are said."""

from __future__ import annotations

from pathlib import Path

__all__ = ["counted", "first_line", "typed"]


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """Give `1 revision`, `2 revisions`, `1,000 revisions`.

    Args:
        number: how many.
        noun: of what, in the singular.
        plural: where that is not the noun with an s.
    """
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"


def first_line(error: object) -> str:
    """Give the first line of what an error says, with one full stop; libpq's further lines advise on the server."""
    return (str(error).strip().splitlines() or ["no message"])[0].rstrip(".") + "."


def typed(task: str) -> str:
    """Give how a task is typed here: by `inv` where there is a tasks.py, which an adopter need not have.

    Args:
        task: its name and options, as in `migrate.review --fix`.
    """
    here = Path.cwd()
    has_tasks = any((folder / "tasks.py").is_file() for folder in (here, *here.parents))
    return f"{'inv' if has_tasks else 'headgate'} {task}"
