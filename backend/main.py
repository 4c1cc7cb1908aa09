"""The service: GraphQL at `/graphql`, its health at `/health`.

It is a reference for migrations, not for sign-in: whoever can reach it may read and write everything.
"""

from __future__ import annotations

from fastapi import FastAPI
from fastapi.responses import JSONResponse
from sqlalchemy.exc import OperationalError

from backend.src.core.database import open_session
from backend.src.graphql.context import OpenSession
from backend.src.graphql.schema import router
from backend.src.services.health import schema_of

__all__ = ["app", "create_app"]


def create_app(open_session: OpenSession = open_session) -> FastAPI:
    """Make the application.

    Args:
        open_session: gives a new session; the tests have their own.
    """
    app = FastAPI(title="Entries")
    app.include_router(router(open_session), prefix="/graphql")

    @app.get("/health")
    def health() -> JSONResponse:
        """Say whether the database answers, which revision it is at, and whether the code knows a newer one."""
        try:
            with open_session() as session:
                schema = schema_of(session)
        except OperationalError:
            return JSONResponse({"status": "no database"}, status_code=503)
        # Not at head is told but is no failure: during a deployment old code meets a newer database, and a health
        # check that failed then would stop the very servers that expand and contract keeps running.
        return JSONResponse(
            {"status": "ok", "revision": schema.revision, "head": schema.head, "is_head": schema.is_head}
        )

    return app


app = create_app()
