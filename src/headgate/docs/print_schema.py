"""Print the GraphQL schema that `package.module:attribute` names; run as a process of its own by `docs.api`.

Importing a project's application can start threads, read files and print. None of it may happen in the process that
judges, and what is printed on the way goes to stderr, so that stdout holds the schema alone.
"""

from __future__ import annotations

import contextlib
import importlib
import sys
from pathlib import Path

__all__ = ["main"]


def main(place: str) -> str:
    """Give the schema as text.

    Args:
        place: where it is, as `package.module:attribute`. Strawberry's, Ariadne's, Graphene's and graphql-core's
            schema objects are understood.
    """
    sys.path.insert(0, str(Path.cwd()))
    module, _, attribute = place.partition(":")
    schema = getattr(importlib.import_module(module), attribute)
    if hasattr(schema, "as_str"):
        return str(schema.as_str())
    from graphql import GraphQLSchema, print_schema

    return print_schema(schema) if isinstance(schema, GraphQLSchema) else str(schema)


if __name__ == "__main__":
    with contextlib.redirect_stdout(sys.stderr):
        text = main(sys.argv[1])
    sys.stdout.write(text)
