"""`headgate.rehearsal.child`: whatever the project's code does, the caller gets an answer and nothing is left."""

from __future__ import annotations

import atexit
import os
import select
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from headgate.errors import Exit, HeadgateError
from headgate.rehearsal.child import Emit, call

_GIVE_UP_SECONDS = 60


def _add(emit: Emit, left: int, right: int) -> int:
    emit("adding")
    emit("added")
    return left + right


def _refuse(emit: Emit) -> None:
    raise HeadgateError("what", "fix", code=Exit.FINDINGS)


def _divide(emit: Emit) -> float:
    return 1 / 0


def _unpicklable(emit: Emit) -> object:
    return threading.Lock()


def _large(emit: Emit) -> bytes:
    return b"x" * 20_000_000


def _end(emit: Emit, how: str) -> None:
    emit("upgrading to 20261101090000")
    print("last words", flush=True)
    if how == "os._exit":
        os._exit(7)
    if how == "sys.exit":
        sys.exit(7)
    if how == "SystemExit":
        raise SystemExit("no more")
    os.kill(os.getpid(), signal.SIGKILL)


def _talk(emit: Emit) -> None:
    print("to stdout")
    print("to stderr", file=sys.stderr)
    os.write(1, b"past Python\n")
    os.write(2, b"past Python\n")
    subprocess.run([sys.executable, "-c", "print('of a program')"], check=True)
    atexit.register(print, "at the end")


def _read_input(emit: Emit) -> str:
    return sys.stdin.read()


def _remember(emit: Emit) -> int:
    os.environ["HEADGATE_TEST_LEFT_BEHIND"] = "1"
    sys.modules["left_behind"] = sys
    return os.getpid()


def test_the_result_comes_back_and_what_is_told_arrives_in_order() -> None:
    """The progress line of a long run lives on these."""
    told: list[str] = []

    assert call(_add, 2, 3, on_event=told.append) == 5
    assert told == ["adding", "added"]
    assert call(_add, 2, 3) == 5


def test_a_large_result_comes_back() -> None:
    """Two catalogs of a big schema are larger than a pipe's buffer."""
    assert len(call(_large)) == 20_000_000


def test_an_expected_failure_is_raised_here_as_it_was_there() -> None:
    """With its exit code, which the default pickling would lose."""
    with pytest.raises(HeadgateError) as caught:
        call(_refuse)

    assert (caught.value.what, caught.value.fix, caught.value.code) == ("what", "fix", Exit.FINDINGS)


def test_a_defect_of_ours_keeps_its_traceback() -> None:
    """It is what the crash report is made of."""
    with pytest.raises(RuntimeError, match="ZeroDivisionError") as caught:
        call(_divide)

    assert "return 1 / 0" in str(caught.value)


def test_a_result_that_cannot_cross_is_a_defect_of_ours() -> None:
    """And not the project's, whose code did nothing wrong."""
    with pytest.raises(RuntimeError, match="pickle"):
        call(_unpicklable)


@pytest.mark.parametrize(("how", "code"), [("os._exit", 7), ("sys.exit", 7), ("SystemExit", 1)])
def test_code_that_ends_the_process_is_told_where_and_with_its_last_words(how: str, code: int) -> None:
    """env.py calls sys.exit when a variable is missing."""
    with pytest.raises(HeadgateError) as caught:
        call(_end, how)

    assert caught.value.what == (
        f"The project's own code ended the process (exit code {code}) upgrading to 20261101090000."
    )
    last = "no more" if how == "SystemExit" else "last words"
    assert caught.value.fix == f"Remove the exit from env.py or the revision. It printed last: {last}"


def test_a_process_that_is_killed_is_told_by_the_signals_name() -> None:
    """An extension crashes, or the machine runs out of memory; there is no exit to remove."""
    with pytest.raises(HeadgateError) as caught:
        call(_end, "signal")

    assert caught.value.what == "The project's own code ended the process (SIGKILL) upgrading to 20261101090000."
    assert caught.value.fix == ("Look for a crash in an extension, or a lack of memory. It printed last: last words")


def test_nothing_that_is_printed_reaches_the_callers_output(capfd: pytest.CaptureFixture[str]) -> None:
    """`--json` prints one document; a print in env.py must not stand before it."""
    call(_talk)

    assert capfd.readouterr() == ("", "")


def test_the_callers_input_is_not_read() -> None:
    """A debugger's prompt in a revision would wait for ever."""
    assert call(_read_input) == ""


def test_nothing_stays_in_the_callers_process() -> None:
    """Alembic keeps its context in module globals; a second call must find none of it."""
    assert call(_remember) not in {os.getpid(), call(_remember)}
    assert "HEADGATE_TEST_LEFT_BEHIND" not in os.environ
    assert "left_behind" not in sys.modules


_CALLER = """
import signal, sys, time
from headgate.rehearsal.child import call

def work(emit):
    emit("working")
    time.sleep(600)

def interrupt(*_):
    raise KeyboardInterrupt

if sys.argv[1:] == ["as-a-task"]:
    signal.signal(signal.SIGTERM, interrupt)
call(work, on_event=lambda text: print(text, flush=True))
"""


@pytest.mark.parametrize(
    ("sent", "to_the_group", "arguments"),
    [
        (signal.SIGINT, True, []),
        (signal.SIGTERM, False, ["as-a-task"]),
        (signal.SIGTERM, True, ["as-a-task"]),
        (signal.SIGTERM, False, []),
        (signal.SIGKILL, False, []),
    ],
    ids=["Ctrl-C", "SIGTERM", "SIGTERM to the group", "SIGTERM without a handler", "kill -9"],
)
def test_the_child_ends_with_its_caller(
    tmp_path: Path, sent: signal.Signals, to_the_group: bool, arguments: list[str]
) -> None:
    """A migration that goes on alone holds its locks; who holds the pipe's other end is still alive."""
    script = tmp_path / "caller.py"
    script.write_text(_CALLER)
    alive, held = os.pipe()
    with subprocess.Popen(
        [sys.executable, str(script), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        pass_fds=[held],
        start_new_session=True,
    ) as caller:
        os.close(held)
        assert caller.stdout
        assert caller.stdout.readline() == b"working\n"

        (os.killpg if to_the_group else os.kill)(caller.pid, sent)

        assert select.select([alive], [], [], _GIVE_UP_SECONDS)[0], "a process is left"
        assert os.read(alive, 1) == b""
        os.close(alive)
