#!/usr/bin/env python3
"""The front door: `python3 tasks.py <task>` needs git and Python 3.11 or newer, and nothing else.

  python3 tasks.py gate      the whole gate on the reference backend
  python3 tasks.py test      every test
  python3 tasks.py --list    every task

The first run makes .venv from requirements.lock; after that the same words go straight to the tasks in it.
"""
# Until .venv stands this file has the standard library only, and it is written in words that Python 3.6 still reads:
# an old interpreter must get as far as the message below.

import sys

if sys.version_info < (3, 11):
    sys.stderr.write("error: tasks.py needs Python 3.11 or newer; this is Python %d.%d\n" % sys.version_info[:2])
    sys.stderr.write("  fix: call a newer one by its name, as in: python3.12 tasks.py gate\n")
    sys.exit(2)

import contextlib
import fcntl
import hashlib
import os
import shlex
import subprocess
import sysconfig
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import NoReturn

    from invoke.collection import Collection
    from invoke.context import Context

ROOT = Path(__file__).resolve().parent
LOCK = ROOT / "requirements.lock"
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / ".headgate-stamp"
VERSION = "%d.%d" % sys.version_info[:2]

# What an environment cannot be moved from: a stamp with another first line is of no use here.
PLACE = "Python {} at {}".format(VERSION, ROOT)
UNFINISHED = PLACE + "\nunfinished\n"


class BootstrapError(Exception):
    """An expected failure: what is wrong, and what to do about it."""


def main(arguments: list[str]) -> None:
    """Make the environment when it is not current, then become the task in it."""
    try:
        if not _is_current():
            if arguments and arguments[0] in ("-h", "--help"):
                print(__doc__)
                return
            _make_current()
    except BootstrapError as error:
        _give_up(2, *error.args)
    except OSError as error:
        _give_up(
            2,
            ".venv cannot be made: {}".format(error),
            "make room or allow yourself to write there, then run this again.",
        )
    except KeyboardInterrupt:
        _give_up(130, "stopped before .venv was ready", "run this again; it starts the environment over")
    if not Path.cwd().is_relative_to(ROOT):
        os.chdir(ROOT)  # called by its path from elsewhere: the project meant is the one that this file stands in
    # -P: the folder of the caller must not hide a package (backend/ has a folder named alembic).
    os.execv(PYTHON, [str(PYTHON), "-P", "-m", "headgate", *(arguments or ["--list"])])


def _give_up(code: int, what: str, fix: str) -> "NoReturn":
    print("error: {}\n  fix: {}".format(what, fix), file=sys.stderr)
    sys.exit(code)


def _say(text: str) -> None:
    """Report on stderr: stdout belongs to the task, which may print JSON."""
    print("tasks.py:", text, file=sys.stderr, flush=True)


def _wanted() -> str:
    """Give the stamp of an environment that is current."""
    content = hashlib.sha256(LOCK.read_bytes() + (ROOT / "pyproject.toml").read_bytes())
    return "{}\n{}\n".format(PLACE, content.hexdigest())


def _recorded() -> str:
    return STAMP.read_text(encoding="utf-8") if STAMP.exists() else ""


def _is_current() -> bool:
    return _recorded() == _wanted() and PYTHON.exists()


def _make_current() -> None:
    """Bring `.venv` to what the lock says; the stamp is written last, so an interrupted run is seen and repaired."""
    with _alone() as lock:
        if _is_current():
            return
        started = time.monotonic()
        if not _can_be_updated():
            _make_venv()
        STAMP.write_text(UNFINISHED, encoding="utf-8")
        packages = sum("==" in line for line in LOCK.read_text(encoding="utf-8").splitlines())
        _say("installing {} locked packages into .venv; about a minute the first time".format(packages))
        _run([*_pip(), "install", "--require-hashes", "--requirement", str(LOCK)], lock)
        pip = [str(PYTHON), "-m", "pip"]  # the locked one from here on
        _run([*pip, "install", "--no-deps", "--no-build-isolation", "--editable", str(ROOT)], lock)
        # pip compiles what it installs, but not what it links to: with PYTHONDONTWRITEBYTECODE nobody ever would.
        subprocess.run([str(PYTHON), "-m", "compileall", "-q", str(ROOT / "src")], check=False)
        STAMP.write_text(_wanted(), encoding="utf-8")
        _say(".venv is ready after {:.0f} s".format(time.monotonic() - started))


@contextlib.contextmanager
def _alone() -> Iterator[int]:
    """Hold this file's lock, so that two first runs at once make one environment.

    The lock is on tasks.py itself: a file inside .venv would vanish with it. It ends with the last process that holds
    the descriptor, and pip is given it: an orphaned pip keeps the next run waiting instead of in each other's way.
    """
    with Path(__file__).open("rb+") as door:
        try:
            fcntl.flock(door, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _say("waiting for another run that is making .venv")
            fcntl.flock(door, fcntl.LOCK_EX)
        yield door.fileno()


def _can_be_updated() -> bool:
    """Say whether pip may add to the environment that is there; one that someone else made is not thrown away."""
    recorded = _recorded()
    fits = PYTHON.exists() and (VENV / "lib" / ("python" + VERSION) / "site-packages").is_dir()
    return fits and (not recorded or (recorded.startswith(PLACE + "\n") and recorded != UNFINISHED))


def _make_venv() -> None:
    """Make `.venv` anew, without pip: where ensurepip is missing, venv fails on nothing else."""
    try:
        import venv
    except ImportError:
        raise BootstrapError(
            "this Python ({}) comes without its venv module".format(sys.executable),
            "install it (Debian and Ubuntu: apt install python3-venv), or call another Python 3.11+ by its name.",
        ) from None
    _say("making .venv with Python {}".format(VERSION))
    PYTHON.unlink(missing_ok=True)  # first, so that a half-cleared environment is never taken for a whole one
    venv.EnvBuilder(clear=True, symlinks=True, with_pip=False, prompt="headgate").create(VENV)


def _pip() -> list[str]:
    """Give the start of a command that installs into `.venv`, from what this machine has."""
    # A distribution that takes the wheel out of ensurepip says where it put it (Debian, Fedora).
    folders = [Path(os.__file__).parent / "ensurepip" / "_bundled", sysconfig.get_config_var("WHEEL_PKG_DIR")]
    wheels = [wheel for folder in folders if folder for wheel in Path(folder).glob("pip-*.whl")]
    if wheels:
        return [str(PYTHON), str(wheels[0] / "pip")]
    host = [sys.executable, "-m", "pip", "--python", str(PYTHON)]  # --python: pip 22.3 and newer
    if subprocess.run([*host, "--version"], env=_environment(), capture_output=True, check=False).returncode == 0:
        return host
    return [str(PYTHON), str(_download_pip() / "pip")]


def _download_pip() -> Path:
    """Fetch the locked pip from the index and check it against the lock's hashes."""
    import urllib.request
    from base64 import b64encode
    from html.parser import HTMLParser
    from urllib.parse import unquote, urljoin, urlsplit, urlunsplit

    links: list[str] = []

    class Page(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            links.extend(value for name, value in attrs if tag == "a" and name == "href" and value)

    def fetch(url: str) -> bytes:
        parts = urlsplit(url)
        user, _, host = parts.netloc.rpartition("@")  # urllib takes no user in a URL, and would print the password
        request = urllib.request.Request(urlunsplit(parts._replace(netloc=host)))
        if user:
            request.add_unredirected_header("Authorization", "Basic " + b64encode(unquote(user).encode()).decode())
        with urllib.request.urlopen(request, timeout=60) as answer:
            content: bytes = answer.read()
        return content

    pin = LOCK.read_text(encoding="utf-8").partition("\npip==")[2]
    version = pin.split()[0]
    hashes = [word.partition("sha256:")[2] for word in pin.partition("# via")[0].split() if word.startswith("--hash=")]
    name = "pip-{}-py3-none-any.whl".format(version)
    index = os.environ.get("PIP_INDEX_URL", "https://pypi.org/simple").rstrip("/") + "/pip/"
    _say("no pip on this machine; fetching pip {}".format(version))
    hint = "check the network, set PIP_INDEX_URL, or install pip (Debian and Ubuntu: apt install python3-venv)."
    try:
        Page().feed(fetch(index).decode())
        wheel = fetch(next(urljoin(index, link) for link in links if urlsplit(link).path.endswith("/" + name)))
    except (OSError, StopIteration, ValueError) as error:
        what = "pip {} cannot be fetched from {}: {}".format(version, urlsplit(index).hostname, error or "no such file")
        raise BootstrapError(what, hint) from None
    if hashlib.sha256(wheel).hexdigest() not in hashes:
        raise BootstrapError("{} from the index is not the file that requirements.lock names".format(name), hint)
    target = VENV / name
    target.write_bytes(wheel)
    return target


def _environment() -> dict[str, str]:
    """Give pip's surroundings without what would send packages elsewhere, or ask a question that nobody sees."""
    elsewhere = ("PYTHONPATH", "PYTHONHOME", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT")
    kept = {name: value for name, value in os.environ.items() if name not in elsewhere}
    here = {"PIP_USER": "0", "PIP_REQUIRE_VIRTUALENV": "0", "PYTHONSAFEPATH": "1"}
    return {**kept, **here, "PIP_NO_INPUT": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}


def _run(command: list[str], lock: int) -> None:
    """Run pip in silence; what it said last is shown when it fails."""
    done = subprocess.run(
        command,
        env=_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        pass_fds=[lock],
        check=False,
    )
    if done.returncode:
        for line in done.stdout.splitlines()[-12:]:
            print("   ", line, file=sys.stderr)
        raise BootstrapError(
            "pip could not install from requirements.lock; its last words are above",
            "check the network (PIP_INDEX_URL names another index) and the disk, then run this again.",
        )


def test(c: "Context", args: str = "") -> None:
    """Run every test."""
    _become("pytest", *shlex.split(args))


def lint(c: "Context") -> None:
    """Check style, workflows and types."""
    _become("nox", "--sessions", "lint", "types")


def lock(c: "Context", upgrade: bool = False) -> None:
    """Write requirements.lock from pyproject.toml."""
    command = "pip compile pyproject.toml --group dev --universal --generate-hashes --python-version 3.11 --no-header"
    _become("uv", *command.split(), "--quiet", "--output-file", LOCK.name, *(["--upgrade"] if upgrade else []))


def _become(module: str, *arguments: str) -> None:
    """Run a module at the root; its exit code is the task's."""
    from invoke.exceptions import Exit

    code = subprocess.run([sys.executable, "-m", module, *arguments], cwd=ROOT, check=False).returncode
    if code:
        raise Exit(code=code)


def _tasks() -> "Collection":
    """Give headgate's tasks and the three that only this repository has."""
    from invoke.tasks import Task

    import headgate

    tasks = headgate.collection()
    tasks.add_task(Task(test, help={"args": "pytest's own options, as one word"}))
    tasks.add_task(Task(lint))
    tasks.add_task(Task(lock, help={"upgrade": "take the newest versions"}))
    return tasks


if __name__ == "__main__":
    main(sys.argv[1:])
else:
    ns = _tasks()
