"""The workflow document, followed to the letter: every command as it is printed, in order, in a fresh copy.

The document is kept in `data/db-migration.md`. Whoever follows it types plain Alembic, pip and pytest, and knows
nothing of headgate; that must work as it stands there, on a machine without a database server.
"""

from __future__ import annotations

import ast
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest
from markdown_it import MarkdownIt

from headgate.postgres import development

ROOT = Path(__file__).parents[2]
DOCUMENT = Path(__file__).parent / "data" / "db-migration.md"
PATIENCE = 300.0  # seconds, for a server or a suite on a busy machine


@dataclass(frozen=True)
class Block:
    """One block of commands, and the heading it stands under."""

    heading: str
    script: str

    @property
    def serves(self) -> bool:
        """Whether its last command runs until somebody presses Ctrl-C."""
        return "uvicorn" in self.script


@dataclass
class Walk:
    """What happened on the way through the document.

    Args:
        copy: the fresh copy.
        environment: what the reader's terminal has.
        ran: the blocks that were run and what each printed; only the last can have failed.
        status: the exit status of the last one.
        health: what the running service said of itself.
        created: what it answered to a mutation.
        listed: what it answered to a query after that.
        children: how many processes of the service Ctrl-C left behind.
    """

    copy: Path
    environment: dict[str, str] = field(repr=False)  # a failing test prints this, and CI's holds tokens
    ran: dict[Block, str] = field(default_factory=dict, repr=False)
    status: int = 0
    health: dict[str, Any] = field(default_factory=dict)
    created: dict[str, Any] = field(default_factory=dict)
    listed: dict[str, Any] = field(default_factory=dict)
    children: int = -1

    @property
    def backend(self) -> Path:
        return self.copy / "backend"

    def output(self, heading: str) -> str:
        """Everything that the blocks under a heading printed."""
        return "\n".join(text for block, text in self.ran.items() if block.heading.startswith(heading))

    def written(self) -> list[Path]:
        """The revisions that the walk added, oldest first."""
        ours = {path.name for path in (ROOT / "backend" / "alembic" / "versions").glob("*.py")}
        return sorted(path for path in (self.backend / "alembic" / "versions").glob("*.py") if path.name not in ours)

    def run(self, block: Block) -> None:
        # A block that does not say where it is typed goes on where the one before it was.
        folder = self.copy if block.script.startswith("cd backend") else self.backend
        log = self.copy.parent / f"{len(self.ran)}.log"
        port = _free_port()
        with log.open("w") as output:
            process = subprocess.Popen(
                ["bash", "-e", "-c", block.script.replace("8000", str(port))],
                cwd=folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            try:
                if block.serves:
                    self._use(process, port)
                self.status = process.wait(PATIENCE)
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
        self.ran[block] = log.read_text()

    def _use(self, process: subprocess.Popen[bytes], port: int) -> None:
        base = f"http://127.0.0.1:{port}"
        if not _answers(f"{base}/health", process):
            return
        self.health = _ask(f"{base}/health")
        create = 'mutation { createUser(email: "ada@example.org", displayName: "Ada") { user { id displayName } } }'
        self.created = _ask(f"{base}/graphql", create)
        self.listed = _ask(f"{base}/graphql", "{ users { edges { node { displayName entryCount } } } }")
        below = psutil.Process(process.pid).children(recursive=True)
        os.killpg(process.pid, signal.SIGINT)  # Ctrl-C reaches the whole foreground group
        process.wait(PATIENCE)
        self.children = len(psutil.wait_procs(below, timeout=10)[1])


def blocks() -> list[Block]:
    """The document's blocks of commands, in order."""
    found, heading = [], ""
    tokens = MarkdownIt().parse(DOCUMENT.read_text(encoding="utf-8"))
    for before, token in zip([None, *tokens], tokens, strict=False):
        if before is not None and before.type == "heading_open":
            heading = token.content
        if token.type == "fence" and token.info == "bash":
            found.append(Block(heading, token.content))
    return found


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walk]:
    """Follow the document to its end, or to the first command that fails."""
    folder = tmp_path_factory.mktemp("workflow")
    walk = Walk(_copy(folder / "copy"), _terminal(folder))
    try:
        for block in blocks():
            walk.run(block)
            if walk.status and not block.serves:
                break
            # The first block activates the environment in the reader's terminal, where it stays.
            walk.environment["VIRTUAL_ENV"] = str(walk.backend / ".venv")
            if not walk.environment["PATH"].startswith(walk.environment["VIRTUAL_ENV"]):
                walk.environment["PATH"] = f"{walk.backend / '.venv' / 'bin'}{os.pathsep}{walk.environment['PATH']}"
        yield walk
    finally:
        state = Path(walk.environment["HEADGATE_STATE"])
        development.stop(walk.copy, state=state)
        # As root the server keeps its data where its own account can reach it, which is not below our folder.
        shutil.rmtree(development.status(walk.copy, state=state).data.parent, ignore_errors=True)
    # Every program of the copy, and the keeper of each scratch server that it started, has the folder in its command.
    left = [process for process in psutil.process_iter(["cmdline"]) if str(folder) in str(process.info["cmdline"])]
    assert left == []
    assert not development.status(walk.copy, state=state).running


def _copy(target: Path) -> Path:
    """Copy what git has or would take, so that nothing which only this checkout has can help."""
    listed = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    for name in subprocess.run(listed, capture_output=True, text=True, check=True).stdout.split("\0"):
        if name and (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target / name)
    return target


def _terminal(folder: Path) -> dict[str, str]:
    """The environment of a reader who has Python and no database, and none of what this test runs in."""
    hidden = ("VIRTUAL_ENV", "PYTHONPATH", "DATABASE_URL", "PYTEST_CURRENT_TEST")
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    # The document says `python`, which some machines only have as `python3`.
    python = folder / "bin" / "python"
    python.parent.mkdir()
    python.symlink_to(Path(sys.executable).resolve())
    own = str(Path(sys.prefix) / "bin")
    path = [entry for entry in environment["PATH"].split(os.pathsep) if entry != own]
    return {
        **environment,
        "PATH": os.pathsep.join([str(python.parent), *path]),
        "HEADGATE_STATE": str(folder / "state"),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }


def _free_port() -> int:
    """Give 8000, which the document prints, unless something on this machine has it."""
    for port in (8000, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise AssertionError("no port is free")


def _answers(url: str, process: subprocess.Popen[bytes]) -> bool:
    give_up = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < give_up:
        try:
            _ask(url)
        except OSError:
            time.sleep(0.1)
        else:
            return True
    return False


def _ask(url: str, query: str | None = None) -> dict[str, Any]:
    body = None if query is None else json.dumps({"query": query}).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        parsed: dict[str, Any] = json.load(answer)
    return parsed


def test_every_command_runs_as_printed(walk: Walk) -> None:
    """In order, and none is left out: a reader who pastes them all meets no error."""
    last = next(reversed(walk.ran))
    assert list(walk.ran) == blocks(), f"{last.heading}:\n{last.script}\n{walk.ran[last]}"
    assert walk.status == 0, walk.ran[last]


def test_the_document_has_the_blocks_that_we_know_of() -> None:
    """A fence that the reader of the document sees and this test does not would never be run."""
    assert [block.heading[:2] for block in blocks()] == ["1)", "3)", "3)", "5)", "5)", "6)", "9)"]
    assert DOCUMENT.read_text(encoding="utf-8").count("```bash") == len(blocks())


def test_the_environment_and_the_settings_are_made_in_backend(walk: Walk) -> None:
    """Where the document says, and with the settings of the example."""
    assert (walk.backend / ".venv" / "pyvenv.cfg").is_file()
    assert (walk.backend / ".env").read_text() == (walk.backend / ".env.example").read_text()


def test_plain_alembic_names_its_files_by_the_convention(walk: Walk) -> None:
    """`yyyymmddhhmmss_short_description.py`, with a header that asks for intent, risk and rollback."""
    written = walk.written()
    assert [path.name[14:] for path in written] == [
        "_add_thing_to_table.py",
        "_sync_models_summary.py",
        "_sync_models_summary.py",
    ]
    assert all(path.name[:14].isdigit() for path in written)
    for path in written:
        docstring = ast.get_docstring(ast.parse(path.read_text())) or ""
        assert all(f"\n{name}: <" in docstring for name in ("Intent", "Risk", "Rollback")), docstring
        assert f"Revision ID: {path.name[:14]}" in docstring


def test_autogenerate_finds_the_models_in_step_before_any_upgrade(walk: Walk) -> None:
    """The document runs it while the development database is still empty; it must not offer to make every table."""
    for path in walk.written():
        bodies = {
            node.name: node.body for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef)
        }
        assert [[type(node) for node in bodies[name]] for name in ("upgrade", "downgrade")] == [[ast.Pass]] * 2


def test_the_upgrade_and_the_rollback_say_what_they_run(walk: Walk) -> None:
    """Up to the last revision, one step down, and up again."""
    newest = walk.written()[-2].name[:14]
    assert f"-> {newest}" in walk.output("5)")
    assert f"Running downgrade {newest} ->" in walk.output("6)")
    assert f"-> {newest}" in walk.output("6)")


def test_the_suite_passes_both_times(walk: Walk) -> None:
    """In section 5, and at the end of section 9's block, which is pasted whole."""
    for heading in ("5)", "9)"):
        assert " passed" in walk.output(heading)
        assert " failed" not in walk.output(heading)


def test_the_service_answers_over_http_on_the_migrated_database(walk: Walk) -> None:
    """A user is written, listed, and the health names the revision that was just applied."""
    assert walk.created == {"data": {"createUser": {"user": {"id": "1", "displayName": "Ada"}}}}
    assert walk.listed == {"data": {"users": {"edges": [{"node": {"displayName": "Ada", "entryCount": 0}}]}}}
    newest = walk.written()[-2].name[:14]
    assert walk.health == {"status": "ok", "revision": newest, "head": newest, "is_head": True}


def test_ctrl_c_ends_the_service_and_its_reloader(walk: Walk) -> None:
    """A reloader that stayed would hold the port, and the next `uvicorn` would fail on it."""
    assert walk.children == 0
