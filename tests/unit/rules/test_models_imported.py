"""The rule models-imported."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from headgate.rules._project_code import own_packages

BODY = """

def upgrade() -> None:
    op.execute(sa.update(Entry).where(Entry.title.is_(None)).values(is_archived=Entry.locked))


def downgrade() -> None:
    pass
"""


@pytest.mark.parametrize(
    "line",
    [
        "from backend.src.models.entry import Entry",
        "from backend import models as m",
        "import backend.src.models.entry",
        "import backend as b",
        "from src.models import Entry",
        "from . import helpers",
        "from ..models import Entry",
        'import importlib\nmodels = importlib.import_module("backend.src.models")',
        'from importlib import import_module\nmodels = import_module("backend.src.models")',
        'models = __import__("backend")',
        "try:\n    from backend.src.models import Entry\nexcept ImportError:\n    Entry = None",
        "def late():\n    from backend.src.models import Entry\n    return Entry",
        "import typing as t\nif t.TYPE_CHECKING:\n    pass\nelse:\n    from backend.src.models import Entry",
    ],
)
def test_every_way_to_import_own_code_fires(judge, line: str) -> None:
    """Alembic runs what is imported inside a function just as what stands at the top."""
    (finding,) = judge(f"\n{line}\n{BODY}")
    assert finding.message.startswith("the revision imports ")


def test_what_lies_beside_env_py_was_written_for_revisions(judge) -> None:
    """It changes with the history, as a helper that every revision of airflow's imports does."""
    environment = judge.folder / "backend" / "alembic"
    environment.mkdir(parents=True)
    (environment / "env.py").touch()
    assert judge(f"\nfrom backend.alembic.helpers import widen\n{BODY}") == ()
    assert judge(f"\nfrom backend.alembics.helpers import widen\n{BODY}") != ()


@pytest.mark.parametrize(
    "line",
    [
        "import sqlalchemy.dialects.postgresql as pg",
        "from backends.other import thing",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from backend.src.models import Entry",
        "import typing\nif typing.TYPE_CHECKING:\n    import backend.src.models",
        'text = "from backend.src.models import Entry"',
        "# from backend.src.models import Entry",
    ],
)
def test_libraries_types_and_texts_are_silent(judge, line: str) -> None:
    """A library has a version, a type annotation runs nothing, and a comment is no import."""
    assert judge(f"\n{line}\n{BODY}") == ()


def test_the_fix_writes_the_users_table_out(judge, tmp_path: Path) -> None:
    """The table's name is read from the model, the columns from the revision."""
    models = tmp_path / "backend" / "src" / "models"
    models.mkdir(parents=True)
    (models / "__init__.py").write_text("from backend.src.models.entry import Entry\n")
    (models / "entry.py").write_text('class Entry(Base):\n    __tablename__ = "entries"\n')
    (finding,) = judge(f"\nfrom backend.src.models import Entry\n{BODY}")
    assert finding.message == "the revision imports Entry from backend.src.models, which will change"
    assert finding.fix == (
        "- from backend.src.models import Entry",
        '+ entries = sa.table("entries", sa.column("title"), sa.column("locked"))',
        "  and entries.c.title for Entry.title",
        "  and entries.c.locked for Entry.locked",
    )


def test_the_fix_writes_an_enumeration_or_constant_out(judge, tmp_path: Path) -> None:
    """Enumerations and constants move like models: the values of today belong in the revision."""
    core = tmp_path / "backend" / "core.py"
    core.parent.mkdir(parents=True)
    core.write_text('import enum\n\nLIMIT: int = 200\n\n\nclass State(enum.Enum):\n    DRAFT = "draft"\n')
    (finding,) = judge(f"\nfrom backend.core import LIMIT, State, unknown\n{BODY}")
    assert finding.fix == (
        "- from backend.core import LIMIT, State, unknown",
        "+ LIMIT = 200",
        "+ class State(enum.Enum):",
        "+     DRAFT = 'draft'",
        "+ the part of unknown that this revision needs, written out as it is today",
    )


def test_own_packages_are_those_that_can_be_imported(tmp_path: Path) -> None:
    """Everything beside the way to the migrations counts; the migrations' own folder and libraries do not."""
    for name in (
        "backend/main.py",
        "backend/src/models/entry.py",
        "backend/migrations/env.py",
        "backend/migrations/helpers.py",
        "backend/migrations/versions/1_a.py",
        "backend/__init__.py",
        "src/shop/__init__.py",
        "venv/pyvenv.cfg",
        "venv/site.py",
        "docs/index.md",
        "json/tool.py",
        "tasks.py",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    assert "json" in sys.stdlib_module_names
    found = own_packages(tmp_path / "backend" / "migrations" / "versions", tmp_path)
    assert found == {"backend", "main", "src", "models", "shop", "tasks"}
