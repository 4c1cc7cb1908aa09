"""`rules.*`: the rules, on a terminal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from headgate import rules
from headgate.docs.generated import page_of
from headgate.tasks.program import HeadgateProgram


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder without a project: the rules are the same everywhere."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    try:
        HeadgateProgram().run(["headgate", *words])
        code = 0
    except SystemExit as ended:
        code = int(ended.code or 0)
    return (code, *capsys.readouterr())


@pytest.mark.parametrize("words", [("rules",), ("rules.list",)])
def test_the_list_has_a_line_for_each_rule(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    """Name, weight, family and one sentence: what one looks for in a list."""
    code, out, err = _run(capsys, *words)
    assert (code, err) == (0, "")
    *lines, last = out.splitlines()
    assert [line.split()[0] for line in lines] == [rule.name for rule in rules.load()]
    for line, rule in zip(lines, rules.load(), strict=True):
        assert line.split(maxsplit=3)[1:] == ["off" if rule.off else rule.severity, rule.family, rule.condition]
    assert last.startswith(f"{len(lines)} rules. ")


def test_the_list_of_one_family_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    """A script asks as a person does."""
    found = json.loads(_run(capsys, "rules.list", "--family", "loss", "--json")[1])
    assert found["schema_version"] == 1
    assert {one["family"] for one in found["rules"]} == {"loss"}
    assert {"name", "severity", "off", "condition", "effect", "workaround", "source"} <= set(found["rules"][0])


def test_a_family_that_there_is_not_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """With those that there are."""
    code, out, err = _run(capsys, "rules.list", "--family", "lost")
    assert (code, out) == (2, "")
    assert err.splitlines()[0] == 'error: There is no family "lost".'
    assert "loss" in err.splitlines()[1]


def test_a_rule_is_shown_as_its_page(capsys: pytest.CaptureFixture[str]) -> None:
    """Who reads a finding in CI has no browser at hand."""
    rule = next(rule for rule in rules.load() if rule.name == "drop-column")
    assert _run(capsys, "rules.show", "drop-column") == (0, f"{page_of(rule).rstrip()}\n", "")


def test_a_name_that_is_nearly_right_is_answered_with_the_right_one(capsys: pytest.CaptureFixture[str]) -> None:
    """Names are typed from memory."""
    assert _run(capsys, "rules.show", "drop-colum") == (
        2,
        "",
        'error: There is no rule "drop-colum".\n  fix: Did you mean drop-column? All of them: inv rules.list.\n',
    )
    assert _run(capsys, "rules.show", "zzz")[2].endswith("  fix: All of them: inv rules.list.\n")


@pytest.mark.parametrize("task", ["rules.show", "rules.new"])
@pytest.mark.parametrize("word", ["--help", "-h"])
def test_help_is_not_taken_for_a_name(task: str, word: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Invoke gives an argument without a name the next word, whatever it is."""
    code, out, err = _run(capsys, task, word)
    assert (code, err) == (0, "")
    assert out.startswith(f"Usage: inv {task} NAME\n")
    assert _run(capsys, task, "--jsn")[0] == 2


def test_a_stub_is_written_where_the_rules_are(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And nowhere else: in an adopter's repository there is no place for one."""
    assert _run(capsys, "rules.new", "no-such-rule")[0] == 2
    place = folder / "src" / "headgate" / "rules"
    place.mkdir(parents=True)
    (place / "rule.py").touch()
    code, out, _ = _run(capsys, "rules.new", "no-such-rule")
    assert (code, out.splitlines()[0]) == (0, "wrote src/headgate/rules/no_such_rule.py")
    assert 'name="no-such-rule"' in (place / "no_such_rule.py").read_text()
    assert _run(capsys, "rules.new", "no-such-rule")[0] == 2
