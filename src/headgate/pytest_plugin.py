"""`pytest --headgate`: the gate as tests, one for each check, beside the project's own.

Pytest imports this module in every run of a project that has headgate installed; without the option it does nothing,
and imports nothing more.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from headgate.errors import HeadgateError
    from headgate.report.model import Check, Report

__all__ = ["TESTS", "pytest_addoption", "pytest_collection_modifyitems"]

TESTS = {
    "heads": "test_there_is_one_head",
    "names": "test_new_revisions_keep_to_the_rules_of_their_files",
    "upgrade": "test_every_new_revision_upgrades_with_rows_in_its_tables",
    "rules": "test_no_rule_stops_a_new_revision",
    "rollback": "test_downgrades_undo_upgrades",
    "drift": "test_models_and_migrations_agree",
    "docs": "test_documents_say_what_the_code_says",
}
"""What each step of the gate is called as a test."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("headgate", "the migration gate")
    group.addoption("--headgate", action="store_true", help="run the migration gate too, one test a check")
    group.addoption("--headgate-postgres", metavar="MAJOR", help="the PostgreSQL major that judges")


@pytest.hookimpl(tryfirst=True)  # so that -k and -m choose among these as well
def pytest_collection_modifyitems(session: pytest.Session, config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put the gate's tests behind the project's own."""
    if config.getoption("headgate"):
        items.extend(Gate.from_parent(session, name="headgate", nodeid="headgate").collect())


class Gate(pytest.Collector):
    """The gate, which runs once, when the first of its tests does."""

    def collect(self) -> Iterator[GateTest]:
        """Give the tests, in the order of the gate's steps."""
        for step, name in TESTS.items():
            yield GateTest.from_parent(self, name=name, step=step)

    @cached_property
    def folder(self) -> Path:
        """Where pytest was called, as `headgate gate` would be."""
        return self.config.invocation_params.dir

    @cached_property
    def result(self) -> Report | HeadgateError:
        """What the gate reports, or why it cannot judge."""
        from headgate import config, gate, project
        from headgate.errors import HeadgateError

        try:
            settings = config.load(self.folder, postgres=self.config.getoption("headgate_postgres"))
            return gate.run(project.find(settings))
        except HeadgateError as error:
            return error


class GateTest(pytest.Item):
    """One check of the gate.

    Args:
        step: the step of the gate.
    """

    parent: Gate

    def __init__(self, *, step: str, **more: Any) -> None:
        super().__init__(**more)
        self.step = step

    def runtest(self) -> None:
        """Fail where the step found an error; be skipped where it could not be run."""
        from headgate.errors import HeadgateError
        from headgate.report.model import Status

        result = self.parent.result
        if isinstance(result, HeadgateError):
            raise _FailedError(f"error: {result.what}\n  fix: {result.fix}")
        check = next(check for check in result.checks if check.name == self.step)
        if check.status is Status.FAILED:
            raise _FailedError(self._told(result, check))
        if check.status is Status.NOT_RUN:
            if not any(other.status is Status.FAILED for other in result.checks):
                raise _FailedError(self._told(result, check))  # as the gate, which ends with 2
            pytest.skip(check.summary)

    def _told(self, report: Report, check: Check) -> str:
        """Give what `headgate gate` prints of a check."""
        import io
        from dataclasses import replace

        from rich.console import Console

        from headgate import config
        from headgate.redaction import redacted
        from headgate.report import terminal
        from headgate.rules.consent import consentable

        out = Console(file=io.StringIO(), markup=False, highlight=False, emoji=False, color_system=None, width=10_000)
        root = config.load(self.parent.folder).root
        terminal.print_report(out, replace(report, checks=(check,)), root, consentable=consentable())
        return redacted(out.file.getvalue().strip())  # type: ignore[attr-defined]

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], *args: Any, **more: Any) -> Any:
        """Show the gate's own words and no traceback; one of ours is shown whole."""
        if isinstance(excinfo.value, _FailedError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, *args, **more)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Say what failed."""
        return self.parent.folder, None, f"headgate: {self.name}"


class _FailedError(Exception):
    """What the gate said."""
