"""`ship` and `checklist` on a small project with a service, documents and a CI: the whole way, and where it ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.functional.conftest import Said, Terminal, latest
from tests.projects import MODELS, SECOND, Made, make_project

WITH_SIZE = MODELS.replace("sa.Text())", 'sa.Text()), sa.Column("size", sa.Integer())')
SETTINGS = """\
judge = "all"
backend.folder = "service"
docs.deployment = "DEPLOYMENT.md"
"""
TICKED = """\
- [x] Migration has intent, risk and safe defaults  one head, {head}; 3 revisions; 3 new revisions read by … rules; \
3 statements judged by … rules
- [x] Models and migrations agree                   0 differences in 8 catalog objects
- [x] `alembic upgrade head` applies cleanly        PostgreSQL 18.4, 3 revisions from nothing to head, with 1,000 \
rows a table before the new ones
- [x] Tests pass                                    service: 1 passed
- [x] Downgrade tested                              3 of 3 new revisions down and up again
- [x] Docs updated                                  0 of 0 revisions noted in DEPLOYMENT.md
- [x] CI runs the upgrade on an ephemeral database  nox -s migrations, called by .github/workflows/ci.yml

7 of 7 shown by running.
"""


@pytest.fixture
def shop(tmp_path: Path) -> Made:
    """A project with all that the checklist asks for, and a column that no revision makes yet."""
    made = make_project(tmp_path / "shop", models=WITH_SIZE, settings=SETTINGS)
    files = {
        "service/test_shop.py": "def test_open():\n    assert True\n",
        "service/.env.example": "DEBUG=1\n",
        "DEPLOYMENT.md": "# Deployment\n",
        "noxfile.py": "",
        ".github/workflows/ci.yml": "run: nox -s migrations\n",
    }
    for name, text in files.items():
        path = made.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return made


def headings(said: Said) -> list[str]:
    """The steps that were begun."""
    return [line for line in said.out.splitlines() if line.startswith("[")]


def test_a_model_change_is_shipped_in_one_go(shop: Made, terminal: Terminal, url: str) -> None:
    """Six steps, and at the end the Markdown that goes into the pull request."""
    assert terminal.type(shop.root, "migrate.up", DATABASE_URL=url).code == 0
    said = terminal.type(shop.root, "ship", "-m", "add size", "--intent", "sort by it", DATABASE_URL=url)
    assert headings(said) == [
        "[1/6] setup",
        "[2/6] migrate.new -m 'add size' --intent 'sort by it'",
        "[3/6] migrate.up",
        "[4/6] backend.test",
        "[5/6] migrate.review",
        "[6/6] checklist",
    ]
    _, _, checklist = said.out.partition("[6/6] checklist\n")
    assert (said.code, said.err) == (0, "")
    assert _timeless(checklist) == TICKED.format(head=latest(shop).stem[:14])


def test_a_shipment_stops_at_the_first_failure_and_says_where_to_go_on(
    shop: Made, terminal: Terminal, url: str
) -> None:
    """What has been done is not done again: the list begins with the step that failed."""
    said = terminal.type(shop.root, "ship", "-m", "add size", DATABASE_URL=url)
    assert (said.code, headings(said)) == (2, ["[1/6] setup", "[2/6] migrate.new -m 'add size'"])
    assert said.out.endswith(
        "\nStopped at migrate.new -m 'add size'. When that is mended, go on with: inv migrate.new -m 'add size'"
        " && inv migrate.up && inv backend.test && inv migrate.review && inv checklist\n"
    )
    assert said.err.startswith(f"error: The database is at nothing, the revisions are at {SECOND}.\n")

    assert terminal.type(shop.root, "migrate.up", DATABASE_URL=url).code == 0
    said = terminal.type(shop.root, "ship", "-m", "add size", DATABASE_URL=url)
    assert (said.code, len(headings(said))) == (1, 5)
    assert "error[revision-header]: the header does not say Intent\n" in said.out
    assert said.out.endswith(
        "\nStopped at migrate.review. When that is mended, go on with: inv migrate.review && inv checklist\n"
    )

    path = latest(shop)
    path.write_text(path.read_text().replace("<why this is needed>", "sort by it"))
    assert _timeless(terminal.type(shop.root, "checklist", DATABASE_URL=url).out) == TICKED.format(head=path.stem[:14])


def test_what_was_not_shown_stays_open(tmp_path: Path, terminal: Terminal) -> None:
    """An item is ticked by a check that ran; one that nobody told where to look is not ticked for want of findings."""
    made = make_project(tmp_path / "bare", models=WITH_SIZE)
    said = terminal.type(made.root, "checklist")
    assert said == Said(
        1,
        f"""\
- [x] Migration has intent, risk and safe defaults  one head, {SECOND}; 2 revisions; 2 new revisions read by … rules; \
2 statements judged by … rules
- [ ] Models and migrations agree                   column entries.size is in the models, not in the migrations
- [x] `alembic upgrade head` applies cleanly        PostgreSQL 18.4, 2 revisions from nothing to head, with 1,000 \
rows a table before the new ones
- [ ] Tests pass                                    There is no service in {made.root}/backend.
- [x] Downgrade tested                              2 of 2 new revisions down and up again
- [ ] Docs updated                                  no documents are named in [tool.headgate.docs]
- [ ] CI runs the upgrade on an ephemeral database  no workflow in .github/workflows calls nox

3 of 7 shown by running; 4 are yours.
""",
    )
    items = json.loads(terminal.type(made.root, "checklist", "--json").out)
    assert [item["done"] for item in items] == [True, False, True, False, True, False, False]


@pytest.mark.parametrize(
    ("test", "code"),
    [("def test_open():\n    assert False\n", 1), ("", 2), ("import nothing_of_this_name\n", 2)],
    ids=["a test fails", "no tests", "no import"],
)
def test_the_suite_ends_with_headgates_codes(test: str, code: int, shop: Made, terminal: Terminal) -> None:
    """Pytest's 3 means a defect of pytest, ours a defect of headgate."""
    (shop.root / "service" / "test_shop.py").write_text(test)
    assert terminal.type(shop.root, "backend.test").code == code


def _timeless(text: str) -> str:
    """Pytest's closing line without its time."""
    return "\n".join(
        line.partition(" passed in ")[0] + " passed" if " passed in " in line else line for line in text.split("\n")
    )
