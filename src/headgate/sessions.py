"""Nox sessions for a project that headgate guards, and what this repository's own noxfile shares with them.

A noxfile runs in nox's own environment, so this module imports nox and the standard library only.

    # /// script
    # dependencies = ["nox", "headgate"]
    # ///
    from headgate.sessions import register

    register("-r", "requirements.txt")
"""

from __future__ import annotations

from collections.abc import Sequence

import nox

from headgate import __version__

__all__ = ["POSTGRES", "install", "register"]

# The newest and the oldest that the embedded server brings: between them the catalogs differ, within them they do not.
POSTGRES = ("16", "18")
BACKEND = "uv|virtualenv"


def install(session: nox.Session, requirements: Sequence[str], headgate: Sequence[str] = ()) -> None:
    """Install a project's requirements into the session, then headgate.

    Args:
        session: the running session.
        requirements: pip's arguments for what the migrations and models import, as in `("-r", "requirements.txt")`.
        headgate: pip's arguments for headgate itself; by default the version that these sessions come from.
    """
    if requirements:
        session.install(*requirements)
    session.install(*(headgate or [f"headgate=={__version__}"]))


def register(
    *requirements: str,
    headgate: Sequence[str] = (),
    postgres: Sequence[str] = POSTGRES,
    tags: Sequence[str] = ("ci",),
) -> None:
    """Register the session `migrations`: the whole gate, once on each PostgreSQL, as CI runs it.

    Args:
        requirements: pip's arguments for what the migrations and models import, as in `"-r", "requirements.txt"`.
        headgate: pip's arguments for headgate itself; by default the version that these sessions come from.
        postgres: the PostgreSQL majors, each a session of its own: `migrations(16)`, `migrations(18)`.
        tags: the tags that select the sessions, as in `nox -t ci`.
    """

    @nox.session(venv_backend=BACKEND, tags=list(tags))
    @nox.parametrize("postgres", list(postgres), ids=list(postgres))
    def migrations(session: nox.Session, postgres: str) -> None:
        """Run the whole gate on the embedded PostgreSQL."""
        install(session, requirements, headgate)
        session.run("headgate", "gate", "--postgres", postgres, *session.posargs)
