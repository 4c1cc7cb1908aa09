"""The service whose schema the migrations build: start it, and exercise it for real."""

from __future__ import annotations

import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from headgate.config import Config
from headgate.errors import HeadgateError

__all__ = ["folder", "run", "running", "serve_command", "smoke", "suite_command"]

_START_SECONDS = 30
_PR_SET_PDEATHSIG = 1  # linux/prctl.h
# Deep enough for a list of lists, where each level may be non-null.
_TYPE = "kind" + " ofType { kind" * 6 + " }" * 6
_QUERY_FIELDS = f"fields {{ name args {{ type {{ kind }} defaultValue }} type {{ {_TYPE} }} }}"
_FIELDS = f"{{ __schema {{ queryType {{ {_QUERY_FIELDS} }} }} }}"


def folder(config: Config) -> Path:
    """Give the service's folder.

    Raises:
        HeadgateError: it is not there.
    """
    path = config.root / config.backend.folder
    if not path.is_dir():
        raise HeadgateError(
            f"There is no service in {path}.", 'Set folder in [tool.headgate.backend], as in folder = "backend".'
        )
    return path


def suite_command() -> list[str]:
    """Give the command of the service's own tests, to be run in its folder."""
    return [sys.executable, "-m", "pytest", "-q"]


def serve_command(config: Config, port: int, *, reload: bool) -> list[str]:
    """Give the command that serves the service on this machine.

    Args:
        config: headgate's settings.
        port: a TCP port.
        reload: whether it restarts when a file changes.

    Raises:
        HeadgateError: another process listens on the port.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError) as error:
            reason = error.strerror if isinstance(error, OSError) else "a port is a number from 0 to 65535"
            raise HeadgateError(
                f"Port {port} cannot be listened on: {reason}.",
                f"Choose another one: inv backend.serve --port {_free_port()}",
            ) from error
    command = [sys.executable, "-m", "uvicorn", config.backend.app, "--port", str(port)]
    return [*command, "--reload"] if reload else command


def run(config: Config, command: list[str], **options: Any) -> tuple[int, str]:
    """Run a command in the service's folder to its end; when headgate is told to stop, so is the command.

    Args:
        config: headgate's settings.
        command: as `suite_command` and `serve_command` give it.
        options: more arguments for `subprocess.Popen`.

    Returns:
        Its exit code, and what it printed where `options` hold a pipe for that.

    Raises:
        HeadgateError: the folder is not there.
    """
    with _start(config, command, **options) as process:
        try:
            output, _ = process.communicate()
        except BaseException:
            process.terminate()
            process.wait()
            raise
    return process.returncode, output or ""


def smoke(config: Config, url: str, head: str | None) -> list[str]:
    """Start the service on a free port against a database, ask for its health and run its queries.

    Args:
        config: headgate's settings.
        url: a database at head.
        head: the revision that the database is at; health must say so.

    Returns:
        What was shown, a line each.

    Raises:
        HeadgateError: the service does not start, or an answer is not what it must be.
    """
    shown = []
    with running(config, url) as base:
        health = _health(config, base)
        if head and head not in str(health):
            raise HeadgateError(
                f"{config.backend.health} says {json.dumps(health)}, not that the database is at {head}.",
                "Have the health endpoint read the version table.",
            )
        shown.append(f"{config.backend.health}: {json.dumps(health)}")
        fields = _query(config, base, _FIELDS)["__schema"]["queryType"]["fields"]
        ready = [field for field in fields if not any(_required(argument) for argument in field["args"])]
        for field in ready:
            selection = "" if _is_leaf(field["type"]) else " { __typename }"
            _query(config, base, f"{{ {field['name']}{selection} }}")
        names = ", ".join(field["name"] for field in ready)
        shown.append(f"{config.backend.graphql}: {len(fields)} queries, answered without arguments: {names or 'none'}")
    return shown


@contextmanager
def running(config: Config, url: str) -> Iterator[str]:
    """Serve the service on a free port.

    Args:
        config: headgate's settings.
        url: the database that it is given.

    Yields:
        The base URL, as in `http://127.0.0.1:49152`.

    Raises:
        HeadgateError: it does not start; holds the last line that it printed.
    """
    port = _free_port()
    process = _start(
        config,
        serve_command(config, port, reload=False),
        env={**os.environ, config.url_variable: url},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    base = f"http://127.0.0.1:{port}"
    try:
        give_up = time.monotonic() + _START_SECONDS
        while not _answers(base + config.backend.health):
            if process.poll() is not None or time.monotonic() > give_up:
                process.kill()
                output = process.communicate()[0].strip().splitlines()
                raise HeadgateError(
                    f"{config.backend.app} does not start: {output[-1] if output else 'it printed nothing'}",
                    "Run `inv backend.serve` to see the whole of it.",
                )
            time.sleep(0.05)
        yield base
    finally:
        process.terminate()
        try:
            process.communicate(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


def _start(config: Config, command: list[str], **options: Any) -> subprocess.Popen[str]:
    """Start a command in the service's folder that ends when headgate ends, however that comes about."""
    watched = _end_with_parent if sys.platform == "linux" else None
    return subprocess.Popen(command, cwd=folder(config), preexec_fn=watched, text=True, **options)


def _end_with_parent() -> None:
    """Have the kernel pass the end on: https://man7.org/linux/man-pages/man2/PR_SET_PDEATHSIG.2const.html."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _answers(url: str) -> bool:
    try:
        _ask(url)
    except (urllib.error.HTTPError, ValueError):
        return True
    except OSError:
        return False
    return True


def _health(config: Config, base: str) -> Any:
    try:
        return _ask(base + config.backend.health)
    except (OSError, ValueError) as error:
        raise HeadgateError(
            f"{config.backend.health} gives no JSON: {str(error).rstrip('.')}.",
            "Set health in [tool.headgate.backend] to the path of the health endpoint, or mend the endpoint.",
        ) from error


def _ask(url: str, body: bytes | None = None) -> Any:
    request = urllib.request.Request(url, data=body, headers={"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        error.close()
        raise


def _query(config: Config, base: str, query: str) -> Any:
    try:
        answer = _ask(base + config.backend.graphql, json.dumps({"query": query}).encode())
    except (OSError, ValueError) as error:
        answer = {"errors": [{"message": str(error)}]}
    if answer.get("errors"):
        raise HeadgateError(
            f"{config.backend.graphql} answers {query} with: {str(answer['errors'][0].get('message')).rstrip('.')}.",
            "Run `inv backend.serve` and send the same query.",
        )
    return answer["data"]


def _required(argument: dict[str, Any]) -> bool:
    return argument["type"]["kind"] == "NON_NULL" and argument["defaultValue"] is None


def _is_leaf(kind: dict[str, Any]) -> bool:
    while inner := kind.get("ofType"):
        kind = inner
    return kind["kind"] in {"SCALAR", "ENUM"}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
