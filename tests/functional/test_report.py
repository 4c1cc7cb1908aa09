"""The report in the forms that others read: JSON by its schema, SARIF, and what GitHub Actions shows."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]
import pytest

from tests.checkout import ROOT
from tests.functional.conftest import Said, Terminal
from tests.projects import FIRST, REVISIONS, SECOND, THIRD, Made, make_project, revision

SCHEMA = json.loads((ROOT / "docs" / "report-schema.json").read_text(encoding="utf-8"))
NAME = f"{THIRD}_size.py"
ADDS = revision(THIRD, SECOND, 'op.add_column("entries", sa.Column("size", sa.Integer()))')
SOUND: dict[str, str] = {}
STAYS = {NAME: ADDS}  # its downgrade does nothing, and no model has the column
FAILS = {NAME: ADDS.replace('"entries"', '"entrys"')}
BRANCHES = {NAME: revision(THIRD, FIRST, "op.execute('SELECT 1')", "op.execute('SELECT 1')")}


@pytest.fixture
def shop(tmp_path: Path) -> Made:
    """A project in a folder of a checkout, with a revision that cannot be undone."""
    made = make_project(tmp_path / "checkout" / "shop", {**REVISIONS, **STAYS})
    subprocess.run(["git", "init", "-q", str(tmp_path / "checkout")], check=True)
    return made


@pytest.mark.parametrize(
    "words", [("gate",), ("migrate.review",), ("migrate.rollback",), ("docs.check",)], ids=" ".join
)
@pytest.mark.parametrize("more", [SOUND, STAYS, FAILS, BRANCHES], ids=["sound", "stays", "fails", "branches"])
def test_every_report_is_what_the_schema_says(
    words: tuple[str, ...], more: dict[str, str], tmp_path: Path, terminal: Terminal
) -> None:
    """A script that was written by the schema reads every one of them, whatever was found."""
    made = make_project(tmp_path, {**REVISIONS, **more})
    said = terminal.type(made.root, *words, "--json")

    report = json.loads(said.out)
    jsonschema.Draft202012Validator(SCHEMA).validate(report)
    assert (said.err, said.code) == ("", report["exit"])
    assert set(report) == set(SCHEMA["properties"])
    assert [revision["id"] for revision in report["revisions"]][:2] == [FIRST, SECOND]


@pytest.mark.parametrize("task", ["gate", "migrate.review"])
def test_the_sarif_file_names_files_from_the_top_of_the_checkout(task: str, shop: Made, terminal: Terminal) -> None:
    """Code scanning knows the checkout, not the project in a folder of it. The report is printed all the same."""
    said = terminal.type(shop.root, task, "--sarif", "out.sarif")

    (run,) = json.loads((shop.root / "out.sarif").read_text(encoding="utf-8"))["runs"]
    assert (said.code, said.err) == (1, "")
    assert "error[downgrade-missing]" in said.out
    places = {
        result["ruleId"]: result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        for result in run["results"]
    }
    assert places["downgrade-missing"] == f"shop/alembic/versions/{NAME}"


def test_a_sarif_file_that_cannot_be_written_is_told(shop: Made, terminal: Terminal) -> None:
    """2, not 1: a CI that uploads the file must not take it for findings."""
    said = terminal.type(shop.root, "migrate.review", "--sarif", "gone/out.sarif")

    assert said == Said(
        2,
        "",
        "error: gone/out.sarif cannot be written: No such file or directory.\n"
        "  fix: Name a file in a folder that is there: --sarif FILE.\n",
    )


def test_a_job_of_github_is_told_through_nox(shop: Made, terminal: Terminal) -> None:
    """CI calls nox and nox calls headgate; the job's variables and its log go through both."""
    (shop.root / "noxfile.py").write_text(
        "import sys\n\nimport nox\n\n\n"
        '@nox.session(venv_backend="none")\n'
        "def migrations(session):\n"
        '    session.run(sys.executable, "-P", "-m", "headgate", "migrate.review")\n'
    )
    summary = shop.root / "summary.md"

    said = terminal.type(
        shop.root, "-s", "migrations", module="nox", GITHUB_ACTIONS="true", GITHUB_STEP_SUMMARY=str(summary)
    )

    commands = [line for line in said.out.splitlines() if line.startswith("::")]
    assert said.code == 1
    assert any(
        command.startswith(f"::error title=error[downgrade-missing],file=shop/alembic/versions/{NAME},line=")
        for command in commands
    )
    assert summary.read_text(encoding="utf-8").startswith("### headgate: ")


def test_json_stays_one_document_in_a_job_of_github(shop: Made, terminal: Terminal) -> None:
    """Whoever asks for it reads it with a program."""
    said = terminal.type(shop.root, "migrate.review", "--json", GITHUB_ACTIONS="true")

    assert json.loads(said.out)["exit"] == said.code == 1
