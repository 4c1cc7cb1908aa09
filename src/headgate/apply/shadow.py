"""The scratch database that autogenerate compares with, in place of the development database."""

from __future__ import annotations

import atexit
import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import create_engine, make_url
from sqlalchemy.pool import NullPool

from headgate import config as settings
from headgate.errors import HeadgateError
from headgate.postgres import development
from headgate.postgres.scratch import database
from headgate.postgres.server import scratch_server
from headgate.redaction import redacted

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy import Engine

__all__ = ["shadow_of"]


def shadow_of(alembic: Config, engine: Engine) -> Engine | None:
    """Build a scratch database at head, when the engine is that of the project's own development server.

    Args:
        alembic: the configuration that Alembic was started with.
        engine: the engine that env.py would use.

    Returns:
        An engine on the scratch database, which goes away with the process; `None` for any other engine.

    Raises:
        HeadgateError: the migrations do not run.
    """
    config = settings.load(Path(alembic.config_file_name or ".").resolve().parent)
    own = development.url(config.root, major=config.postgres, state=config.state)
    if own is None or engine.url != make_url(own):
        return None
    stack = ExitStack()
    atexit.register(stack.close)
    server = stack.enter_context(
        scratch_server(major=config.postgres, cache=config.cache, url=config.server_url, extensions=config.extensions)
    )
    scratch = stack.enter_context(database(server))
    # Alembic's contexts are module globals, and this process is inside one: the upgrade needs a process of its own.
    upgrade = subprocess.run(
        [
            sys.executable,
            "-m",
            "alembic",
            *("-c", str(alembic.config_file_name)),
            *("-n", alembic.config_ini_section),
            "upgrade",
            "heads",
        ],
        env={**os.environ, config.url_variable: scratch.url()},
        capture_output=True,
        text=True,
        check=False,
    )
    if upgrade.returncode:
        reason = redacted(_reason(upgrade.stderr + upgrade.stdout)).rstrip(".")
        raise HeadgateError(
            f"The migrations do not run on an empty database, so the models cannot be compared: {reason}.",
            "Run `headgate gate` to see the revision and the statement.",
        )
    return create_engine(scratch.url(), poolclass=NullPool)


def _reason(output: str) -> str:
    """Find the exception's own line below the traceback, or what Alembic says for its own errors."""
    lines = output.splitlines() or ["no message"]
    frames = [number for number, line in enumerate(lines) if line.startswith("  File ")]
    below = [line for line in lines[frames[-1] :] if not line.startswith(" ")] if frames else []
    failed = [line.removeprefix("FAILED: ") for line in lines if line.startswith("FAILED: ")]
    return (below or failed or lines[-1:])[0]
