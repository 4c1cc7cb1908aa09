"""The schema, with the limits that keep one request from asking for everything."""

from __future__ import annotations

import strawberry
from graphql import GraphQLError
from strawberry.extensions import MaskErrors, MaxTokensLimiter, QueryDepthLimiter
from strawberry.fastapi import GraphQLRouter
from strawberry.types import ExecutionContext

from backend.src.graphql.context import Context, OpenSession
from backend.src.graphql.mutations import Mutation
from backend.src.graphql.queries import Query
from backend.src.services.errors import ServiceError

__all__ = ["router", "schema"]

MAX_DEPTH = 8
MAX_TOKENS = 1000


def _is_ours(error: GraphQLError) -> bool:
    """Tell a failure of this service from what the caller did wrong: its text may hold SQL and values."""
    return error.original_error is not None and not isinstance(error.original_error, (ServiceError, GraphQLError))


class _Schema(strawberry.Schema):
    """A schema that logs what went wrong on our side; what the caller did wrong is in the answer to them."""

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        super().process_errors([error for error in errors if _is_ours(error)], execution_context)


schema = _Schema(
    Query,
    Mutation,
    extensions=[
        lambda: QueryDepthLimiter(max_depth=MAX_DEPTH),
        lambda: MaxTokensLimiter(max_token_count=MAX_TOKENS),
        lambda: MaskErrors(should_mask_error=_is_ours, error_message="Something went wrong on our side."),
    ],
)


def router(open_session: OpenSession) -> GraphQLRouter[Context, None]:
    """Give the routes that answer GraphQL requests.

    Args:
        open_session: gives a new session.
    """

    async def context() -> Context:
        return Context(open_session)

    return GraphQLRouter(schema, context_getter=context)
