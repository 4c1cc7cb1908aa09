"""What `init` writes: each file as it is and as it would be. Nothing that is there is overwritten."""

from __future__ import annotations

import difflib
import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from headgate.adoption import templates
from headgate.adoption.held import text_of
from headgate.adoption.survey import Survey
from headgate.errors import HeadgateError

__all__ = ["Change", "Wanted", "changes", "write"]


@dataclass(frozen=True)
class Wanted:
    """What is written beside the settings.

    Args:
        tasks: a `tasks.py`.
        nox: a `noxfile.py`.
        pre_commit: the hooks in `.pre-commit-config.yaml`.
        ci: a workflow of GitHub Actions.
    """

    tasks: bool = False
    nox: bool = False
    pre_commit: bool = False
    ci: bool = False


@dataclass(frozen=True)
class Change:
    """One file.

    Args:
        path: where it is.
        before: what it holds; `None` where it is not there.
        after: what it would hold; `before` where nothing changes.
        by_hand: the lines that the user is to add, where the file is there and is not changed.
    """

    path: Path
    before: str | None
    after: str
    by_hand: str = ""

    @property
    def changed(self) -> bool:
        """Whether there is something to write."""
        return self.before != self.after

    def diff(self, root: Path) -> str:
        """Give the change as a unified diff with paths from the root."""
        name = self.path.relative_to(root).as_posix()
        lines = difflib.unified_diff(
            (self.before or "").splitlines(keepends=True),
            self.after.splitlines(keepends=True),
            "/dev/null" if self.before is None else f"a/{name}",
            f"b/{name}",
        )
        return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def changes(found: Survey, wanted: Wanted) -> Iterator[Change]:
    """Give every file that is asked for, changed or not.

    Args:
        found: what the repository is like.
        wanted: what is asked for.

    Raises:
        HeadgateError: a file that is there cannot be read.
    """
    root = found.project.config.root
    yield _settings(found)
    requirements = templates.requirements(root)
    if wanted.tasks:
        yield _new(root / "tasks.py", templates.TASKS, "collection(")
    if wanted.nox:
        yield _new(root / "noxfile.py", templates.noxfile(requirements), "headgate.sessions")
    if wanted.pre_commit:
        yield _hooks(root / ".pre-commit-config.yaml")
    if wanted.ci:
        text = templates.workflow(requirements, str(found.settings.get("base", "main")))
        yield _new(root / ".github" / "workflows" / "headgate.yml", text, "headgate gate")


def write(change: Change) -> None:
    """Write a file.

    Raises:
        HeadgateError: it cannot be written, or has changed since it was read.
    """
    if text_of(change.path) != change.before:
        raise HeadgateError(f"{change.path} has changed meanwhile.", "Run the command again.")
    try:
        change.path.parent.mkdir(parents=True, exist_ok=True)
        with change.path.open("w", encoding="utf-8", newline="") as file:
            file.write(change.after)
    except OSError as error:
        raise HeadgateError(
            f"{change.path} cannot be written: {error.strerror}.", "Make it writable, then run it again."
        ) from error


def _settings(found: Survey) -> Change:
    path, before, table = found.held.path, found.held.text, found.held.table
    if table is not None:
        missing = {key: value for key, value in found.settings.items() if key not in table}
        return Change(path, before, before or "", _table("", missing).strip())
    block = _block("tool.headgate" if found.held.shared else "", found)
    after = block if before is None else _appended(before, block)
    if not found.held.shared:
        return Change(path, before, after)
    tools = tomllib.loads(before or "").get("tool", {})
    try:
        read = tomllib.loads(after).get("tool", {})
    except tomllib.TOMLDecodeError:
        read = {}
    if {name: table for name, table in read.items() if name != "headgate"} != tools or "headgate" not in read:
        # `tool = {…}`, inline, takes no further table.
        return Change(path, before, before or "", block.strip())
    return Change(path, before, after)


def _block(name: str, found: Survey) -> str:
    inner = f"{name}." if name else ""
    block = _table(name, found.settings)
    if found.within:
        block += "\n" + _table(f"{inner}prepare", {"within": found.within})
    if found.variables:
        block += "\n" + _table(f"{inner}prepare.variables", found.variables)
    if found.unkept:
        off = dict.fromkeys(found.unkept, "off")
        block += "\n" + _table(f"{inner}severities", off, found.unkept)
    return block


def _table(name: str, values: Mapping[str, str | list[str]], why: Mapping[str, str] | None = None) -> str:
    lines = [f"[{name}]"] if name else []
    for key, value in values.items():
        lines.append(f"{key} = {_value(value)}{f'  # {why[key]}' if why else ''}")
    return "\n".join(lines) + "\n"


def _value(value: str | list[str]) -> str:
    # A JSON text is a TOML basic string: https://toml.io/en/v1.0.0#string
    return json.dumps(value, ensure_ascii=False)


def _appended(before: str, block: str) -> str:
    """Put a block at the end, after one empty line, with the file's own line ends."""
    ends = "\r\n" if "\r\n" in before else "\n"
    kept = before if not before or before.endswith("\n") else before + ends
    gap = "" if not kept.strip() or kept.endswith(2 * ends) else ends
    return kept + gap + block.replace("\n", ends)


def _new(path: Path, text: str, mark: str) -> Change:
    before = text_of(path)
    if before is None:
        return Change(path, None, text)
    return Change(path, before, before, "" if mark in before else text.strip())


def _hooks(path: Path) -> Change:
    before = text_of(path)
    if before is None:
        return Change(path, None, "repos:\n" + templates.hooks("  "))
    if "headgate" in before:
        return Change(path, before, before)
    # The list can be lengthened where it is the last thing in the file and written as a block.
    lines = before.splitlines()
    top = [at for at, line in enumerate(lines) if line and line[0] not in " \t#-"]
    items = [line for line in lines[top[-1] + 1 :] if line.lstrip().startswith("- ")] if top else []
    if not items or lines[top[-1]].partition("#")[0].strip() != "repos:":
        return Change(path, before, before, templates.hooks("  ").rstrip())
    indent = items[0][: len(items[0]) - len(items[0].lstrip())]
    ends = "\r\n" if "\r\n" in before else "\n"
    kept = before if before.endswith("\n") else before + ends
    return Change(path, before, kept + templates.hooks(indent).replace("\n", ends))
