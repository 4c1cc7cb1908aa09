"""The API page: it holds the GraphQL schema that the code has, and says what changed when it does not.

The schema stands in a code block between `<!-- headgate: schema -->` and `<!-- headgate: end -->`; what the page says
around it is its author's.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from headgate import redaction
from headgate.docs import markdown
from headgate.errors import HeadgateError
from headgate.project import Project
from headgate.report.model import Finding, Severity

__all__ = ["RULE", "changes", "judge", "pages"]

RULE = "docs-api-stale"
_PART = "schema"
_SECONDS = 120

Part = tuple[str, ...]
"""The way to a part of a schema, as in `("type Query", "field entries", "argument first")`."""


def judge(project: Project) -> tuple[str, tuple[Finding, ...]]:
    """Compare the page with the schema of the code.

    Args:
        project: the project. Without `api` and `schema` in `[tool.headgate.docs]` there is nothing to compare.

    Returns:
        What was shown in a few words, empty when nothing was compared, and a finding for each change.

    Raises:
        HeadgateError: the schema cannot be imported, or graphql-core is not installed.
    """
    settings = project.config.docs
    if not settings.api or not settings.schema:
        return "", ()
    page = markdown.read(project.config.root / settings.api)
    held, current = page.section(_PART), _schema_of_code(project, settings.schema)
    if held == _fenced(current):
        return f"{settings.api} is current", ()
    sentences = ["it does not hold the GraphQL schema"] if held is None else list(changes(_unfenced(held), current))
    findings = tuple(
        Finding(
            rule=RULE,
            severity=Severity.ERROR,
            message=f"{settings.api} is stale: {sentence}",
            path=settings.api,
            line=page.line_of(_PART),
            fix=("write the page anew: inv docs.sync",),
        )
        for sentence in sentences or ["its schema is written in another form"]
    )
    return f"{settings.api} is stale", findings


def pages(project: Project) -> Mapping[Path, str]:
    """Give the page as it should be, by path.

    Args:
        project: the project; see `judge`.

    Raises:
        HeadgateError: as in `judge`.
    """
    settings = project.config.docs
    if not settings.api or not settings.schema:
        return {}
    path = project.config.root / settings.api
    return {path: markdown.read(path).with_section(_PART, _fenced(_schema_of_code(project, settings.schema)))}


def changes(before: str, after: str) -> Iterator[str]:
    """Say what one schema has that another has not, a sentence for each part that was added, removed or changed.

    Args:
        before: a schema in GraphQL's schema language.
        after: the schema that is compared with it.

    Raises:
        HeadgateError: graphql-core is not installed.
    """
    old, new = _facts(before), _facts(after)
    if old is None or new is None:
        yield "the schema in it cannot be read"
        return
    for part, value in new.items():
        owner = part[:-1]
        if part not in old and (not owner or owner in old):
            yield f"{_spoken(owner)} has a new {part[-1]}" if owner else f"{part[-1]} is new"
        elif part in old and old[part] != value:
            yield f"{_spoken(part)} is now {value}, not {old[part]}"
    for part in old:
        owner = part[:-1]
        if part not in new and (not owner or owner in new):
            yield f"{_spoken(owner)} has no {part[-1]} any more" if owner else f"{part[-1]} is gone"


def _spoken(part: Part) -> str:
    return " of ".join(reversed(part))


def _fenced(schema: str) -> str:
    return f"```graphql\n{schema.strip()}\n```"


def _unfenced(text: str) -> str:
    lines = text.strip().splitlines()
    return "\n".join(lines[1:-1]) if lines and lines[0].startswith("```") else text


def _schema_of_code(project: Project, place: str) -> str:
    command = [sys.executable, "-P", "-B", "-X", "utf8", "-m", "headgate.docs.print_schema", place]
    try:
        done = subprocess.run(
            command,
            cwd=project.config.root,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise HeadgateError(
            f"Importing {place} did not end within {_SECONDS} s.", "Have the module do no work when it is imported."
        ) from None
    if done.returncode:
        reason = redaction.redacted((done.stderr.strip().splitlines() or ["no reason given"])[-1]).rstrip(".")
        raise HeadgateError(
            f"The GraphQL schema {place} cannot be imported: {reason}.",
            "Correct schema in [tool.headgate.docs], or install what the application imports beside headgate.",
        )
    return done.stdout


def _facts(schema: str) -> dict[Part, str] | None:
    """Give what a schema states, each fact under the path to it; `None` for a text that is no schema.

    The syntax is read and no schema is built: a framework's directive that nothing defines is no obstacle.
    """
    try:
        from graphql import GraphQLError, parse
    except ImportError:
        raise HeadgateError(
            "Comparing GraphQL schemas needs graphql-core, which is not installed.", "pip install headgate[graphql]"
        ) from None
    try:
        document = parse(schema)
    except GraphQLError:
        return None
    return dict(fact for node in document.definitions for fact in _of((), node))


# What hangs on a node: the attribute of graphql-core's syntax tree, and the word for one of its members.
_BELOW = {
    "interfaces": "interface",
    "types": "member",
    "values": "value",
    "fields": "field",
    "arguments": "argument",
    "operation_types": "operation",
    "locations": "location",
}
_WORDS = {
    "object_type": "type",
    "input_object_type": "input",
    "scalar_type": "scalar",
    "union_type": "union",
    "enum_type": "enum",
    "interface_type": "interface",
}


def _of(owner: Part, node: Any, word: str = "") -> Iterator[tuple[Part, str]]:
    from graphql import print_ast

    kind = node.kind.removesuffix("_definition")
    named = getattr(node, "operation", None) or getattr(node, "name", node)
    part = (*owner, f"{word or _WORDS.get(kind, kind)} {getattr(named, 'value', '')}".strip())
    default = getattr(node, "default_value", None)
    yield (
        part,
        (print_ast(node.type) if getattr(node, "type", None) else "") + (f" = {print_ast(default)}" if default else ""),
    )
    if getattr(node, "description", None):
        yield (*part, "description"), json.dumps(node.description.value, ensure_ascii=False)
    for directive in getattr(node, "directives", None) or ():
        yield (*part, f"@{directive.name.value}"), print_ast(directive)
    for attribute, below in _BELOW.items():
        for member in getattr(node, attribute, None) or ():
            yield from _of(part, member, below)
