"""`headgate.checklist`: the workflow document's seven items, ticked by what ran."""

from __future__ import annotations

from pathlib import Path

import pytest

from headgate import checklist
from headgate.config import Config, Docs
from headgate.report.model import Check, Finding, Report, Severity, Status

SUITE = (True, "backend: 61 passed in 4.2s")


def _check(name: str, summary: str, *messages: str, status: Status = Status.PASSED) -> Check:
    findings = tuple(Finding("rule", Severity.ERROR, message) for message in messages)
    return Check(name, Status.FAILED if findings else status, summary, findings)


def _report(**other: Check) -> Report:
    checks = {
        "heads": _check("heads", "one head, 20261122165310; 12 revisions"),
        "names": _check("names", "1 new revision, 7 rules"),
        "upgrade": _check("upgrade", "12 revisions from nothing to head"),
        "rules": _check("rules", "2 statements judged by 97 rules"),
        "rollback": _check("rollback", "1 of 1 new revision down and up again"),
        "drift": _check("drift", "0 differences in 214 catalog objects"),
        "docs": _check("docs", "2 documents agree with the code"),
    }
    return Report(tuple({**checks, **other}.values()), server="PostgreSQL 18.4")


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """A repository whose CI calls nox."""
    (tmp_path / "noxfile.py").touch()
    workflows = tmp_path / ".github" / "workflows"
    workflows.mkdir(parents=True)
    (workflows / "ci.yml").write_text("run: nox -s migrations\n")
    return Config(root=tmp_path, docs=Docs(api="docs/API.md"))


def _markdown(report: Report, config: Config, suite: tuple[bool, str] = SUITE) -> str:
    return checklist.markdown(checklist.items(report, suite, config))


def test_all_seven_items_are_ticked(config: Config) -> None:
    """In full, as it is pasted into the pull request."""
    assert (
        _markdown(_report(), config)
        == """\
- [x] Migration has intent, risk and safe defaults  one head, 20261122165310; 12 revisions; 1 new revision, 7 rules; \
2 statements judged by 97 rules
- [x] Models and migrations agree                   0 differences in 214 catalog objects
- [x] `alembic upgrade head` applies cleanly        PostgreSQL 18.4, 12 revisions from nothing to head
- [x] Tests pass                                    backend: 61 passed in 4.2s
- [x] Downgrade tested                              1 of 1 new revision down and up again
- [x] Docs updated                                  2 documents agree with the code
- [x] CI runs the upgrade on an ephemeral database  nox -s migrations, called by .github/workflows/ci.yml

7 of 7 shown by running."""
    )


def test_what_was_not_shown_is_left_open_with_the_reason(config: Config) -> None:
    """Findings by their messages, two of them at most; a check that could not run by its summary."""
    report = _report(
        names=_check("names", "1 new revision, 7 rules", "no risk", "no intent", "no rollback"),
        upgrade=_check("upgrade", "the history does not reach its head", "revision 2 does not upgrade"),
        drift=_check("drift", "not compared: no head", status=Status.NOT_RUN),
        docs=_check("docs", "1 of 2 agree", "docs/API.md is stale"),
    )
    (config.root / "noxfile.py").unlink()

    assert (
        _markdown(report, config, (False, "backend: 1 failed, 60 passed in 4.2s"))
        == """\
- [ ] Migration has intent, risk and safe defaults  no risk; no intent
- [ ] Models and migrations agree                   not compared: no head
- [ ] `alembic upgrade head` applies cleanly        revision 2 does not upgrade
- [ ] Tests pass                                    backend: 1 failed, 60 passed in 4.2s
- [x] Downgrade tested                              1 of 1 new revision down and up again
- [ ] Docs updated                                  docs/API.md is stale
- [ ] CI runs the upgrade on an ephemeral database  no workflow in .github/workflows calls nox

1 of 7 shown by running; 6 are yours."""
    )


def test_what_a_statement_did_keeps_the_first_item_open(config: Config) -> None:
    """Safe defaults are what the server showed, not what the header says."""
    report = _report(rules=_check("rules", "2 statements judged by 97 rules", "writers on entries wait"))

    assert (
        "- [ ] Migration has intent, risk and safe defaults  writers on entries wait"
        in _markdown(report, config).splitlines()
    )


def test_one_open_item_is_said_in_the_singular(config: Config) -> None:
    """It is the line that people quote."""
    closing = _markdown(_report(), config, (False, "backend: no tests ran")).splitlines()[-1]

    assert closing == "6 of 7 shown by running; 1 is yours."


def test_a_finding_that_was_consented_to_keeps_nothing_open(config: Config) -> None:
    """The reason stands in the file, for the reviewer."""
    allowed = Finding("downgrade-fails", Severity.ERROR, "does not downgrade", consent="never taken back")
    report = _report(rollback=Check("rollback", Status.PASSED, "0 of 1 new revision", (allowed,)))

    assert "- [x] Downgrade tested                              0 of 1 new revision" in _markdown(report, config)


def test_a_check_that_is_not_in_the_report_is_open(config: Config) -> None:
    """Nothing is ticked by silence."""
    items = checklist.items(Report(()), SUITE, config)

    assert [item.done for item in items] == [False, False, False, True, False, False, True]


def test_documents_that_nobody_named_are_open(config: Config) -> None:
    """The check had nothing to look at."""
    items = checklist.items(_report(), SUITE, Config(root=config.root))

    assert [item.title for item in items if not item.done] == ["Docs updated"]


def test_a_repository_without_workflows_runs_no_ci(tmp_path: Path) -> None:
    """A noxfile alone does not run by itself."""
    (tmp_path / "noxfile.py").touch()

    assert not checklist.items(_report(), SUITE, Config(root=tmp_path))[-1].done
