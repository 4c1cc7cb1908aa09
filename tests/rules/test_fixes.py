"""What `--fix` makes of a rule's bad example passes the review, as its good example does."""

from __future__ import annotations

import pytest

from headgate import rules
from headgate.report.model import Severity
from headgate.revisions.rewrite import FIXABLE, Wanted, rewrite
from headgate.rules.rule import Rule
from tests.rules.conftest import Judge

# Nobody but the author knows what value the rows that are there should get.
ASKS = frozenset({"required-column"})
# It stopped the revision; what the statement does when it runs is for other rules to say.
STOPPED = frozenset({"type-change-cast"})
REPAIRED = [rule for rule in rules.load() if rule.name in FIXABLE.keys() - ASKS]


@pytest.mark.parametrize("rule", REPAIRED, ids=lambda rule: rule.name)
def test_the_repaired_example_is_silent(rule: Rule, judge: Judge) -> None:
    """A repair that sets off another rule sends its reader round in circles."""
    found = [finding for finding in judge(rule, rule.bad, rule.bad_name) if finding.rule == rule.name]
    assert all(finding.fixable and finding.diff for finding in found)
    wanted = [
        Wanted("precondition" if finding.kind == "precondition" else finding.rule, finding.line or 0, finding.facts)
        for finding in found
    ]

    done = rewrite(rule.bad, wanted)

    assert done.refused == ()
    told = judge(rule, done.source)
    assert [f for f in told if f.rule == rule.name] == []
    assert rule.name in STOPPED or [f for f in told if f.severity is not Severity.ADVICE] == []


@pytest.mark.parametrize("name", sorted(ASKS))
def test_what_asks_for_a_value_is_not_offered(name: str, judge: Judge) -> None:
    """A value that was made up would stand in somebody's rows."""
    (rule,) = (rule for rule in rules.load() if rule.name == name)

    assert not any(finding.fixable or finding.diff for finding in judge(rule, rule.bad))
