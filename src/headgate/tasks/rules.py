"""`rules.*`: what the review judges by."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from invoke.collection import Collection
from invoke.context import Context

from headgate.errors import HeadgateError
from headgate.tasks.front import console, end, print_json, task
from headgate.wording import counted

if TYPE_CHECKING:
    from headgate.rules.rule import Rule

__all__ = ["collection"]

_JSON = "print one JSON document"
_NAME = "the rule's name, as in index-not-concurrent"
_HELP = ("-h", "--help")


@task(
    name="list",
    help={"family": "only those of one family, as in locks or loss", "json": _JSON},
    default=True,
)
def list_rules(context: Context, family: str | None = None, json: bool = False) -> None:
    """List the rules: name, severity, family."""
    from rich.text import Text

    from headgate import rules

    found = [rule for rule in rules.load() if family in (None, rule.family)]
    if not found:
        families = sorted({rule.family for rule in rules.load()})
        raise HeadgateError(f'There is no family "{family}".', f"The families are {', '.join(families)}.")
    if json:
        print_json({"schema_version": 1, "rules": [_as_json(rule) for rule in found]})
        return
    width = max(len(rule.name) for rule in found)
    shown = console()
    for rule in found:
        severity = "off" if rule.off else str(rule.severity)
        shown.print(
            Text(f"{rule.name:<{width}}  {severity:<7}  {rule.family:<7}  {rule.condition}"),
            no_wrap=True,
            overflow="ellipsis" if shown.is_terminal else "ignore",
            crop=shown.is_terminal,
        )
    print(f"{counted(len(found), 'rule')}. One of them in full: inv rules.show {found[0].name}")


@task(help={"name": _NAME}, positional=("name",))
def show(context: Context, name: str) -> None:
    """Show one rule: why, when, what instead.

    Give its name behind the task, as in `inv rules.show index-not-concurrent`.
    """
    from headgate import rules
    from headgate.docs.generated import page_of

    _explain(name, "show")
    found = next((rule for rule in rules.load() if rule.name == name), None)
    if found is None:
        raise HeadgateError(f'There is no rule "{name}".', _nearest(name))
    print(page_of(found).rstrip())


@task(help={"name": "its name: words with dashes between them"}, positional=("name",))
def new(context: Context, name: str) -> None:
    """Write the stub of a new rule.

    For the makers of headgate, in its own repository: the file `src/headgate/rules/<name>.py` is all that a rule is.
    The test of its examples fails until both are filled in.
    """
    from headgate.rules._stub import path_of, stub

    _explain(name, "new")
    path = path_of(name, Path.cwd())
    path.write_text(stub(name), encoding="utf-8", newline="\n")
    print(f"wrote {path.relative_to(Path.cwd())}")
    print("Fill in what stands in <>, then: pytest tests/rules -k " + name)
    print("Its page: inv docs.sync")


def collection() -> Collection:
    """Give the namespace."""
    return Collection("rules", list_rules, show, new)


def _as_json(rule: Rule) -> dict[str, object]:
    said = ("name", "family", "condition", "effect", "workaround", "source")
    return {**{word: getattr(rule, word) for word in said}, "severity": rule.severity, "off": rule.off}


def _nearest(name: str) -> str:
    from difflib import get_close_matches

    from headgate import rules

    close = get_close_matches(name, [rule.name for rule in rules.load()], n=1, cutoff=0.4)
    return f"Did you mean {close[0]}? All of them: inv rules.list." if close else "All of them: inv rules.list."


def _explain(word: str, task: str) -> None:
    """Answer `--help`, which Invoke hands over as the name."""
    if word in _HELP:
        print(f"Usage: inv rules.{task} NAME\n\n  NAME  {_NAME}\n\nAll of them: inv rules.list")
        end(0)
    if word.startswith("-"):
        raise HeadgateError(f"rules.{task} takes the name of a rule, not {word}.", f"Give one: inv rules.{task} NAME.")
