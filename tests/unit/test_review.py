"""The review: which files are asked what, severities, and how little it imports."""

from __future__ import annotations

import ast
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from headgate import config, failures, project, review, rules
from headgate.errors import HeadgateError
from headgate.report.model import Finding, Severity
from headgate.rules._consents import SHOWN_BY_RUNNING

INI = "[alembic]\nscript_location = %(here)s/alembic\npath_separator = os\n"
GOOD = '''"""{message}

Intent: shown in the list.
Risk: none.
Rollback: drops what it adds.
"""

import sqlalchemy as sa
from alembic import op

revision = "{id}"
down_revision = {parent!r}


def upgrade() -> None:
    op.add_column("entries", sa.Column("{column}", sa.Text()))


def downgrade() -> None:
    op.drop_column("entries", "{column}")
'''
FIRST, SECOND = "20261120091500", "20261122170212"


class Checkout:
    """A git checkout with one merged revision and one that is new."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.versions = root / "alembic" / "versions"
        self.versions.mkdir(parents=True)
        (root / "alembic.ini").write_text(INI)
        (root / "headgate.toml").write_text("")
        (root / "alembic" / "env.py").touch()
        self.merged = self.write(f"{FIRST}_add_title.py", message="add title", id=FIRST, parent=None, column="title")
        self.git("init", "--initial-branch=main")
        self.git("add", ".")
        self.git("-c", "user.name=A", "-c", "user.email=a@example.org", "commit", "-m", "first")
        self.git("checkout", "-b", "work")
        self.new = self.write(f"{SECOND}_add_note.py", message="add note", id=SECOND, parent=FIRST, column="note")

    def git(self, *arguments: str) -> None:
        subprocess.run(["git", "-C", str(self.root), *arguments], check=True, capture_output=True)

    def write(self, name: str, **values: object) -> Path:
        path = self.versions / name
        path.write_text(GOOD.format(**values))
        return path

    def edit(self, path: Path, before: str, after: str) -> None:
        text = path.read_text()
        assert before in text
        path.write_text(text.replace(before, after))

    def judge_project(self) -> list[tuple[str, str | None]]:
        found, _ = review.judge_project(project.find(config.load(self.root)))
        return [(finding.rule, finding.path) for finding in found]

    def judge_paths(self) -> list[tuple[str, str | None]]:
        paths = [self.merged, self.new, self.root / "headgate.toml", self.root / "alembic" / "env.py"]
        return [(finding.rule, finding.path) for finding in review.judge_paths(paths, self.root)]


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path / "a shöp")


@pytest.mark.parametrize("door", ["judge_project", "judge_paths"])
class TestBothDoors:
    """The gate and the commit hook must say the same of the same files."""

    def test_clean_files_have_no_findings(self, checkout: Checkout, door: str) -> None:
        """The control."""
        assert getattr(checkout, door)() == []

    def test_a_new_file_is_asked_everything(self, checkout: Checkout, door: str) -> None:
        """What is not on the base branch can still be changed."""
        checkout.edit(checkout.new, '    op.drop_column("entries", "note")', "    pass")
        checkout.edit(checkout.new, "Risk: none.", "Risk: <what it locks>")
        path = f"alembic/versions/{SECOND}_add_note.py"
        assert getattr(checkout, door)() == [("revision-header", path), ("downgrade-missing", path)]

    def test_a_merged_file_is_only_asked_whether_it_was_edited(self, checkout: Checkout, door: str) -> None:
        """Its name and header are history; that its code changed is news."""
        checkout.edit(checkout.merged, '    op.drop_column("entries", "title")', "    pass")
        assert getattr(checkout, door)() == [("edited-after-merge", f"alembic/versions/{FIRST}_add_title.py")]

    def test_a_comment_in_a_merged_file_is_silent(self, checkout: Checkout, door: str) -> None:
        """It changes no database."""
        checkout.edit(checkout.merged, "import sqlalchemy", "# see the decision\nimport sqlalchemy")
        assert getattr(checkout, door)() == []

    def test_an_edit_may_be_consented_to(self, checkout: Checkout, door: str) -> None:
        """A revision that no database has run yet, say."""
        checkout.edit(
            checkout.merged,
            '    op.add_column("entries", sa.Column("title", sa.Text()))',
            "    # headgate: allow edited-after-merge because it was never deployed\n"
            '    op.add_column("entries", sa.Column("title", sa.String()))',
        )
        found = getattr(checkout, door)()
        assert found in ([], [("edited-after-merge", f"alembic/versions/{FIRST}_add_title.py")])
        if door == "judge_project":
            judged, _ = review.judge_project(project.find(config.load(checkout.root)))
            assert [finding.consent for finding in judged] == ["it was never deployed"]
        else:
            assert found == []

    def test_severities_hold(self, checkout: Checkout, door: str) -> None:
        """A project decides what weighs how much, and an `off` rule's consent is not unused because of it."""
        (checkout.root / "headgate.toml").write_text('[severities]\ndowngrade-missing = "off"\n')
        checkout.edit(checkout.new, '    op.drop_column("entries", "note")', "    pass")
        assert getattr(checkout, door)() == []

    def test_judging_all_asks_merged_files_everything(self, checkout: Checkout, door: str) -> None:
        """For a project that wants its whole history clean."""
        (checkout.root / "headgate.toml").write_text('judge = "all"\n')
        checkout.edit(checkout.merged, "Risk: none.", "Risk: TODO")
        assert getattr(checkout, door)() == [("revision-header", f"alembic/versions/{FIRST}_add_title.py")]


def test_a_severity_replaces_the_rules_own(checkout: Checkout) -> None:
    """The finding carries what it weighs here."""
    checkout.edit(checkout.new, "Risk: none.", "Risk: TODO")
    (checkout.root / "headgate.toml").write_text('[severities]\nrevision-header = "advice"\n')
    (finding,) = review.judge_paths([checkout.new], checkout.root)
    assert finding.severity is Severity.ADVICE


def test_without_git_every_file_is_new(tmp_path: Path) -> None:
    """The hook has files in its hand; that nothing says what is merged is no reason to pass them."""
    path = tmp_path / "x.py"
    path.write_text(GOOD.format(message="add note", id=SECOND, parent=None, column="note"))
    (finding,) = review.judge_paths([path], tmp_path)
    assert finding.rule == "revision-file-name"


def test_a_file_that_is_no_python_cannot_be_judged(checkout: Checkout) -> None:
    """Two lines and exit 2, not a traceback."""
    checkout.new.write_text("def upgrade(:\n")
    with pytest.raises(HeadgateError, match="is not valid Python"):
        review.judge_paths([checkout.new], checkout.root)


def test_the_hook_imports_nothing_heavy(checkout: Checkout) -> None:
    """A commit waits for it: SQLAlchemy, Alembic and psycopg are half a second of imports."""
    checkout.edit(checkout.new, "Risk: none.", "Risk: TODO")
    code = (
        "import sys; from pathlib import Path; from headgate.review import judge_paths;"
        f"found = judge_paths([Path({str(checkout.new)!r})], Path({str(checkout.root)!r}));"
        "print(len(found), sorted({'sqlalchemy', 'alembic', 'psycopg', 'mako', 'rich', 'invoke'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "1 []\n"


def test_the_hook_imports_nothing_that_only_a_run_needs(checkout: Checkout) -> None:
    """Each dataclass of a trace and each hash that nobody asks for is a millisecond of every commit."""
    code = (
        "import sys; from pathlib import Path; from headgate.review import judge_paths;"
        f"judge_paths([Path({str(checkout.new)!r})], Path({str(checkout.root)!r}));"
        "print(*sorted(name for name in sys.modules if name == 'hashlib' or name.startswith("
        "('headgate.rehearsal', 'headgate.catalog', 'headgate.postgres', 'headgate.revisions'))))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    kept = {"headgate.revisions", *(f"headgate.revisions.{name}" for name in ("file", "header", "naming"))}
    assert set(done.stdout.split()) == kept


def test_consent_takes_off_what_the_server_showed(checkout: Checkout) -> None:
    """A revision consents to the gate's findings as to a rule's, and one that is not needed is told."""
    comment = "# headgate: allow downgrade-not-inverse because only the order differs\n"
    checkout.edit(checkout.new, "def downgrade()", f"{comment}def downgrade()")
    found = project.find(config.load(checkout.root))
    definition = found.revisions[SECOND].function("downgrade")
    assert definition is not None
    shown = Finding("downgrade-not-inverse", Severity.ERROR, "…", "x", definition.lineno, SECOND)
    without = Finding("upgrade-fails", Severity.ERROR, "…")

    assert review.consented([shown, without], found) == (replace(shown, consent="only the order differs"), without)
    assert review.consented([], found) == ()
    (unused,) = review.consented([], found, judged=[FIRST, SECOND])
    assert unused.message == "the consent to downgrade-not-inverse is not needed: the rule does not fire there"


def test_the_gates_names_are_those_that_a_revision_may_consent_to() -> None:
    """A name that is known here and unknown there would be a consent that can never hold."""
    tree = ast.parse(Path(failures.__file__).read_text(encoding="utf-8"))
    texts = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    assert texts >= SHOWN_BY_RUNNING
    assert not SHOWN_BY_RUNNING & {rule.name for rule in rules.load()}
