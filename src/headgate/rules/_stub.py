"""The file that a new rule begins with."""

from __future__ import annotations

import keyword
from pathlib import Path

from headgate.errors import HeadgateError

__all__ = ["path_of", "stub"]

_STUB = '''"""<What it is about, in a few words.>

<Why that hurts: what waits, what fails, what is lost.>

It fires when <…>. It is silent when <…>.
"""

from __future__ import annotations

from collections.abc import Iterator

from headgate.report.model import Finding, Severity
from headgate.rules._example import ENTRIES, example
from headgate.rules.rule import Evidence, Rule

__all__ = ["RULE"]


def _check(evidence: Evidence) -> Iterator[Finding]:
    for statement in evidence.run.up.statements:
        # What it made, locked, read and wrote: see `headgate.rehearsal.trace.Statement`.
        if statement.tag == "<the server's tag>":
            yield RULE.finding(
                evidence,
                statement,
                "<what happens, with the user's own names>",
                seen=(f"PostgreSQL {{evidence.run.server}}: <what was observed>",),
                fix=("<their code, repaired>",),
            )


RULE = Rule(
    name="{name}",
    severity=Severity.WARNING,
    family="schema",
    reads="run",
    condition="<When it fires.>",
    effect="<What goes wrong then.>",
    workaround="<What to write instead.>",
    before=ENTRIES,
    bad=example("<what it does>", up="pass", intent="<what for>"),
    good=example("<what it does>", up="pass", intent="<what for>"),
    source="https://www.postgresql.org/docs/current/<page>.html",
    check=_check,
)
'''


def stub(name: str) -> str:
    """Give the text of a rule that says nothing yet.

    Args:
        name: the rule's name.
    """
    return _STUB.format(name=name)


def path_of(name: str, root: Path) -> Path:
    """Give the file of a new rule.

    Args:
        name: its name, as in `index-not-concurrent`.
        root: the top of headgate's own repository.

    Raises:
        HeadgateError: the name is none, there is such a rule, or the folder is not headgate's own repository.
    """
    words = name.split("-")
    module = "_".join(words)
    if not all(word.isalnum() and word.isascii() and word == word.lower() for word in words) or not (
        module.isidentifier() and not keyword.iskeyword(module)
    ):
        raise HeadgateError(
            f'"{name}" is no name of a rule.', "Give small letters and digits with dashes, as in index-not-concurrent."
        )
    folder = root / "src" / "headgate" / "rules"
    if not (folder / "rule.py").is_file():
        raise HeadgateError(
            f"{root} is not headgate's own repository.", "Run it at the top of a checkout of headgate itself."
        )
    path = folder / f"{module}.py"
    if path.exists():
        raise HeadgateError(f"There is a rule {name} already.", f"See it: inv rules.show {name}.")
    return path
