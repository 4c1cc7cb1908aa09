"""What a caller did wrong, in words that may be shown to them."""

from __future__ import annotations

from typing import ClassVar

__all__ = ["ConflictError", "InvalidError", "NotFoundError", "ServiceError"]


class ServiceError(Exception):
    """A request that cannot be met.

    Args:
        message: one sentence for the person who asked.
        field: the input that is at fault, as the API spells it; `None` when it is none in particular.
    """

    code: ClassVar[str]

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field

    @property
    def extensions(self) -> dict[str, str | None]:
        """What graphql-core adds to the error of a query."""
        return {"code": self.code, "field": self.field}


class InvalidError(ServiceError):
    """A value that no row may have."""

    code = "INVALID"


class NotFoundError(ServiceError):
    """Something that is not there, or not any more."""

    code = "NOT_FOUND"


class ConflictError(ServiceError):
    """A value that another row already has."""

    code = "CONFLICT"
