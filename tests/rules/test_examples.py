"""Every rule is shown by its own two examples, through the same door as a real revision."""

from __future__ import annotations

from pathlib import Path

import pytest

from headgate import review, rules
from headgate.report.model import Finding
from headgate.revisions.file import read
from headgate.revisions.naming import slug
from headgate.rules.rule import Evidence, Rule


def judged(rule: Rule, example: str, name: str | None, folder: Path) -> tuple[Finding, ...]:
    path = folder / (name or f"20261122170212_{slug(example.splitlines()[0])}.py")
    path.write_text(example, encoding="utf-8")
    revision = read(path)
    assert revision is not None, f"an example of {rule.name} is no revision"
    evidence = Evidence(revision=revision, root=folder, merged_source=rule.merged, model_modules=frozenset({"backend"}))
    return review.judge([evidence], severities={})


@pytest.mark.parametrize("rule", rules.load(), ids=lambda rule: rule.name)
def test_bad_example_fires_and_good_is_silent(rule: Rule, tmp_path: Path) -> None:
    """A rule is believed when its example shows it; an example that sets off a second rule teaches the wrong thing."""
    assert rule.bad.strip()
    assert rule.good.strip()
    assert (rule.bad, rule.bad_name) != (rule.good, None), "the two examples are the same"

    fired = judged(rule, rule.bad, rule.bad_name, tmp_path)
    assert {finding.rule for finding in fired} == {rule.name}
    for finding in fired:
        assert finding.severity is rule.severity
        assert finding.message
        assert "\n" not in finding.message
        assert finding.fix
        assert finding.line is not None
        assert 1 <= finding.line <= len(rule.bad.splitlines())

    assert judged(rule, rule.good, None, tmp_path) == ()


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
