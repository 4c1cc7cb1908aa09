"""What every task shares: how it is declared, how it tells where it stands, how it ends."""

from __future__ import annotations

import functools
import json
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from invoke.context import Context
from invoke.exceptions import Exit as Ended
from invoke.exceptions import UnexpectedExit
from invoke.tasks import Task

from headgate.errors import Exit, HeadgateError
from headgate.redaction import redacted

if TYPE_CHECKING:
    from rich.console import Console

    from headgate.config import Config
    from headgate.project import Project
    from headgate.report.model import Report

__all__ = [
    "confirm",
    "console",
    "end",
    "fail",
    "finish",
    "print_json",
    "progress",
    "project",
    "settings",
    "task",
    "whole_number",
]

_INTERRUPTED = 128 + signal.SIGINT
_UNHEARD = 128 + signal.SIGPIPE


def task(
    *,
    name: str | None = None,
    help: Mapping[str, str] | None = None,
    aliases: tuple[str, ...] = (),
    default: bool = False,
) -> Callable[[Callable[..., None]], Task[Any]]:
    """Declare a task: expected failures end it with two lines, our own defects with a report to send.

    Args:
        name: its name, where that is not the function's.
        help: each option's help.
        aliases: other names of the task.
        default: whether it is what the namespace's own name runs.
    """

    def declare(body: Callable[..., None]) -> Task[Any]:
        @functools.wraps(body)
        def run(context: Context, *arguments: Any, **options: Any) -> None:
            # A CI runner that cancels sends SIGTERM: leave by the same door as Ctrl-C, so that everything is put away.
            signal.signal(signal.SIGTERM, _interrupt)
            signal.signal(signal.SIGPIPE, signal.SIG_IGN)
            if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
                signal.signal(signal.SIGINT, signal.default_int_handler)
            try:
                body(context, *arguments, **options)
                sys.stdout.flush()
            except HeadgateError as error:
                fail(error)
            except KeyboardInterrupt:
                print("\nStopped. What was started for this command has been put away.", file=sys.stderr)
                end(_INTERRUPTED)
            except BrokenPipeError:
                # What was found has not been told to anybody: end as a program that the signal ended.
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
                end(_UNHEARD)
            except (Ended, UnexpectedExit, SystemExit):
                raise
            except Exception:
                _crash(body.__name__)

        # positional=(): a required positional would swallow the next word, `--help` included.
        return _Task(run, name=name, positional=(), help=dict(help or {}), aliases=aliases, default=default)

    return declare


class _Task(Task[Any]):
    """A task whose help survives: Invoke takes each text out as it reads it, and the task pages are read twice."""

    def get_arguments(self, ignore_unknown_help: bool | None = None) -> Any:
        """Give the arguments, and keep their help."""
        kept = dict(self.help)
        try:
            return super().get_arguments(ignore_unknown_help)
        finally:
            self.help = kept


def settings(postgres: str | None = None) -> Config:
    """Read the settings that hold for the caller's folder."""
    from headgate import config

    return config.load(Path.cwd(), postgres=postgres)


def project(postgres: str | None = None) -> Project:
    """Find the Alembic project that the caller's folder belongs to."""
    from headgate import project as projects

    return projects.find(settings(postgres))


def console(*, stderr: bool = False) -> Console:
    """Give a console that colours only a terminal and never wraps a path."""
    from rich.console import Console

    class Piped(Console):
        """One that leaves it to the task what becomes of a reader that has gone; rich's own ends with 1, findings."""

        def on_broken_pipe(self) -> None:
            raise BrokenPipeError

    # With NO_COLOR rich alone would still write bold and dim.
    return Piped(
        stderr=stderr,
        markup=False,
        highlight=False,
        emoji=False,
        color_system=None if os.environ.get("NO_COLOR") else "auto",
    )


def finish(report: Report, root: Path, *, as_json: bool) -> None:
    """Print a report in the wanted form and end with its exit code."""
    if as_json:
        print_json(report.to_json())
    else:
        from headgate.report import terminal

        terminal.print_report(console(), report, root)
    if report.exit:
        end(report.exit)


def print_json(value: object) -> None:
    """Print one JSON document."""
    print(redacted(json.dumps(value, indent=2, ensure_ascii=False, default=str)))


def confirm(question: str) -> bool:
    """Ask a person; without a terminal the answer is no."""
    if not sys.stdin.isatty():
        return False
    return input(f"{question} [y/N] ").strip().lower() in {"y", "yes"}


def whole_number(option: str, word: str) -> int:
    """Read an option's number. Invoke, left to do it, answers another word with a traceback."""
    try:
        return int(word)
    except ValueError:
        raise HeadgateError(f'{option} takes a whole number, not "{word}".', f"Give one, as in {option} 1.") from None


@contextmanager
def progress() -> Iterator[Callable[[str], None]]:
    """Tell on a terminal what is being done, on one line that is gone afterwards."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return

    def tell(text: str) -> None:
        # A terminal that nobody told its size says 0.
        width = os.get_terminal_size(sys.stderr.fileno()).columns or 80
        print(f"\r\x1b[K… {redacted(text)[: width - 3]}", end="", file=sys.stderr, flush=True)

    try:
        yield tell
    finally:
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def fail(error: HeadgateError) -> NoReturn:
    """Print an expected failure's two lines and end with its exit code."""
    print(f"error: {redacted(error.what)}\n  fix: {redacted(error.fix)}", file=sys.stderr)
    end(error.code)


def end(code: int) -> NoReturn:
    """End the command with an exit code; what there was to say has been said."""
    raise Ended(code=int(code)) from None


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


def _crash(name: str) -> NoReturn:
    from headgate import __version__

    report = redacted(traceback.format_exc())
    print(
        f"error: headgate has a defect: {report.strip().splitlines()[-1]}\n"
        f"  fix: report it with the lines below"
        f" (headgate {__version__}, Python {sys.version.split()[0]}, task {name}).\n\n"
        f"{report}",
        file=sys.stderr,
    )
    end(Exit.OUR_BUG)
