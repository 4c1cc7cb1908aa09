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
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from invoke.context import Context
from invoke.exceptions import Exit as Ended
from invoke.exceptions import UnexpectedExit
from invoke.tasks import Task

from headgate.config import MOST_ROWS, MOST_SECONDS
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
    "with_limits",
]

_UNHEARD = 128 + signal.SIGPIPE


def task(
    *,
    name: str | None = None,
    help: Mapping[str, str] | None = None,
    aliases: tuple[str, ...] = (),
    default: bool = False,
    positional: tuple[str, ...] = (),
) -> Callable[[Callable[..., None]], Task[Any]]:
    """Declare a task: expected failures end it with two lines, our own defects with a report to send.

    Args:
        name: its name, where that is not the function's.
        help: each option's help.
        aliases: other names of the task.
        default: whether it is what the namespace's own name runs.
        positional: arguments that are given without their name. Invoke hands such a one the next word, whatever it is,
            so the task itself must answer `--help`.
    """

    def declare(body: Callable[..., None]) -> Task[Any]:
        @functools.wraps(body)
        def run(context: Context, *arguments: Any, **options: Any) -> None:
            # A CI runner that cancels sends SIGTERM: leave by the same door as Ctrl-C, so that everything is put away.
            signal.signal(signal.SIGTERM, _stop)
            signal.signal(signal.SIGPIPE, signal.SIG_IGN)
            if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:  # as a shell has it for what runs in background
                signal.signal(signal.SIGINT, _stop)
            try:
                body(context, *arguments, **options)
                sys.stdout.flush()
            except HeadgateError as error:
                fail(error)
            except KeyboardInterrupt as stop:
                print("\nStopped. What was started for this command has been put away.", file=sys.stderr)
                end(128 + (stop.number if isinstance(stop, _Stopped) else signal.SIGINT))
            except BrokenPipeError:
                # What was found has not been told to anybody: end as a program that the signal ended.
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
                end(_UNHEARD)
            except (Ended, UnexpectedExit, SystemExit):
                raise
            except Exception:
                _crash(body.__name__)

        # Unless it is asked for, none: a required positional swallows the next word, `--help` included.
        return _Task(run, name=name, positional=positional, help=dict(help or {}), aliases=aliases, default=default)

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


def with_limits(found: Project, rows: str | None, timeout: str | None) -> Project:
    """Give the project with another number of rows for each table, and of seconds for a statement.

    Raises:
        HeadgateError: one is no number, or too large or too small.
    """
    config = found.config
    if rows is not None:
        config = replace(config, rows=_between("--rows", rows, MOST_ROWS, 1000))
    if timeout is not None:
        config = replace(config, timeout=_between("--timeout", timeout, MOST_SECONDS, 60))
    return found if config is found.config else replace(found, config=config)


def _between(option: str, word: str, most: int, usual: int) -> int:
    number = whole_number(option, word)
    if not 0 < number <= most:
        raise HeadgateError(f"{option} {number} is not between 1 and {most:,}.", f"Give one, as in {option} {usual}.")
    return number


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


def finish(
    report: Report,
    root: Path,
    *,
    as_json: bool,
    advice: bool = False,
    steps: bool = True,
    sarif: str | None = None,
) -> None:
    """Print a report in the wanted form and end with its exit code.

    Args:
        report: what was found.
        root: the folder that the findings' paths are relative to.
        as_json: whether to print the JSON document, and nothing beside it.
        advice: whether to tell every advice, and not only count more than a few.
        steps: whether to tell every step, and not only those that could not run.
        sarif: a file to write the report to as well.
    """
    from headgate import rules
    from headgate.report import github

    if sarif is not None:
        from headgate.report.sarif import write

        write(Path(sarif), report, rules.load(), prefix=_from_the_top(root))
    if as_json:
        print_json(report.to_json())
    else:
        from headgate.report import terminal
        from headgate.rules.consent import consentable

        terminal.print_report(console(), report, root, consentable=consentable(), advice=advice, steps=steps)
    if github.is_running(os.environ):
        for command in () if as_json else github.commands(report, prefix=_from_the_top(root)):
            print(command)
        if file := os.environ.get("GITHUB_STEP_SUMMARY"):
            github.append_summary(Path(file), report)
    if report.exit:
        end(report.exit)


def _from_the_top(root: Path) -> str:
    """The way from the checkout's top to the project's root, which is where code scanning looks for a path from."""
    from headgate import git

    repository = git.find_repository(root)
    way = Path(os.path.relpath(root.resolve(), repository.root.resolve())) if repository else Path()
    return "" if way == Path() else f"{way.as_posix()}/"


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


class _Stopped(KeyboardInterrupt):
    """A signal to stop. Of plain ones CPython remembers some that were caught, and ends by SIGINT in the end."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def _stop(number: int, _frame: object) -> NoReturn:
    raise _Stopped(number)


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
