"""`headgate.rehearsal.scripts`: Alembic finds its way without importing what it does not run."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError

from headgate.rehearsal.scripts import entries, only
from tests.projects import make_project, revision

FILES = {
    "root.py": revision("root", None),
    "left.py": revision("left", "root", extra='branch_labels = "side"'),
    "right.py": revision("right", "root", extra='depends_on = "side"'),
    "joined.py": revision("joined", ("left", "right")),
}


def _script(tmp_path: Path, *run: str) -> ScriptDirectory:
    made = make_project(tmp_path / "p", FILES)
    known = entries(made.find())
    for id_ in known.keys() - set(run):
        with Path(known[id_].path).open("a") as file:
            file.write("\nraise RuntimeError('imported')\n")
    script = ScriptDirectory.from_config(Config(str(made.ini)))
    only(script, frozenset(run), known)
    return script


def test_what_is_not_run_is_not_imported(tmp_path: Path) -> None:
    """Its file may be long, import the application, or fail by now."""
    script = _script(tmp_path, "joined")

    assert script.get_heads() == ["joined"]
    assert script.get_revision("joined").module.upgrade is not None
    assert next(one.revision for one in script.walk_revisions()) == "joined"


def test_parents_dependencies_and_labels_lead_the_same_way(tmp_path: Path) -> None:
    """A merge, a dependency between branches, and a branch that is named by its label."""
    script = _script(tmp_path)

    assert script.get_revision("joined").down_revision == ("left", "right")
    assert script.get_revision("right").dependencies == "side"
    assert script.get_revision("side").revision == "left"
    assert script.get_bases() == ["root"]
    assert {one.revision for one in script.iterate_revisions("joined", "base")} == {"root", "left", "right", "joined"}


def test_what_is_run_is_imported(tmp_path: Path) -> None:
    """It is what the rehearsal is about."""
    script = _script(tmp_path, "root", "left", "right", "joined")
    assert all(hasattr(one.module, "upgrade") for one in script.walk_revisions())


def test_a_revision_that_nobody_has_is_not_found(tmp_path: Path) -> None:
    """Alembic says so, as it does else."""
    with pytest.raises(CommandError, match="nowhere"):
        _script(tmp_path).get_revision("nowhere")
