"""Every rule is shown by its own two examples, through the same door as a real revision."""

from __future__ import annotations

from pathlib import Path

import pytest

from headgate import rules
from headgate.report.model import Severity
from headgate.rules.rule import Rule
from tests.rules.conftest import Judge
from tests.rules.printed import hold

_COUNT = frozenset({Severity.ERROR, Severity.WARNING})


@pytest.mark.parametrize("rule", rules.load(), ids=lambda rule: rule.name)
def test_bad_example_fires_and_good_is_silent(rule: Rule, judge: Judge, tmp_path: Path) -> None:
    """A rule is believed when its example shows it; an example that sets off a second rule teaches the wrong thing.

    What a run shows may be worth an advice beside it; no other rule may say that it must be mended.
    """
    assert rule.bad.strip()
    assert rule.good.strip()
    assert (rule.bad, rule.bad_name) != (rule.good, None), "the two examples are the same"

    found = judge(rule, rule.bad, rule.bad_name)
    fired = [finding for finding in found if finding.rule == rule.name]
    assert fired
    # What another rule may say of the same statement as well, an example consents to.
    others = {f.rule for f in found if f.consent is None and (f.severity in _COUNT or rule.reads == "file")}
    assert others <= {rule.name}
    assert rule.severity in {finding.severity for finding in fired}
    for finding in fired:
        assert finding.message
        assert "\n" not in finding.message
        assert finding.fix
        assert finding.line is not None
        assert 1 <= finding.line <= len(rule.bad.splitlines())

    hold(rule, fired, tmp_path / "0")

    silent = judge(rule, rule.good)
    left = [f for f in silent if f.consent is None and (f.severity in _COUNT or rule.reads == "file")]
    assert [*left, *(f for f in silent if f.rule == rule.name)] == []


@pytest.mark.parametrize("rule", rules.load(), ids=lambda rule: rule.name)
def test_rule_has_a_page(rule: Rule) -> None:
    """The module's docstring is the rule's public page: what it is, why, and when it is silent."""
    assert rule.page.splitlines()[0].endswith(".")
    assert "It fires" in rule.page
    assert "silent" in rule.page
    for sentence in (rule.condition, rule.effect, rule.workaround):
        assert sentence.endswith(".")
        assert "\n" not in sentence
    assert rule.source.startswith("https://")


def test_every_module_of_the_folder_is_a_rule() -> None:
    """A rule is found by its file: the name of one is the name of the other, and nothing is listed anywhere."""
    folder = Path(rules.__file__).parent
    files = {path.stem.replace("_", "-") for path in folder.glob("*.py") if path.stem != "rule" and path.stem[0] != "_"}
    assert [rule.name for rule in rules.load()] == sorted(files)
