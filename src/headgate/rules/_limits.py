"""A limit that a session can set and did not, while a statement holds a lock for which others wait."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from headgate.report.model import Finding
from headgate.rules._code import execute
from headgate.rules._locks import blocking, told
from headgate.rules._work import listed
from headgate.rules.rule import Evidence, Rule

__all__ = ["unlimited"]


def unlimited(
    rule: Rule, evidence: Evidence, setting: str, message: Callable[[str], str], *, in_transaction: bool = False
) -> Iterator[Finding]:
    """Give a rule's finding about the first statement of a revision that takes such a lock while a setting is 0.

    Args:
        rule: the rule.
        evidence: what running the revision showed.
        setting: the name of the setting, which is one in milliseconds.
        message: is given the tables, and gives the finding's message.
        in_transaction: whether a statement that ran in no transaction is passed over.
    """
    run = evidence.run
    for statement in run.up.statements:
        locks = blocking(run, statement.locks)
        alone = in_transaction and statement.transaction is None
        if alone or not locks or int(statement.settings.get(setting, 0)):
            continue
        yield rule.finding(
            evidence,
            statement,
            message(listed(locks)),
            seen=(*told(run, *locks.values()), f"{setting} is 0, which is none"),
            fix=(execute(f"SET LOCAL {setting} = '60s'"),),
        )
        return
