"""Histories as other people have them: headgate is taken in, and finds what is wrong with the newest revision alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.functional.conftest import Terminal
from tests.functional.foreign import CREATE, DROP, HISTORY, INDEX, INI, NEW, ROOT, UNINDEX, alembics, foreign

V = "migrations/versions"
TABLE = 'op.create_table("{0}", sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True))'
MORE = 'sa.Table("{0}", metadata, sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True))\n'
SEPARATED = """\
script_location = migrations
prepend_sys_path = .
sqlalchemy.url = postgresql+psycopg://shop@db.internal/shop
"""


def _table(id_: str, parent: object, name: str, extra: str = "") -> str:
    return alembics(id_, parent, TABLE.format(name), f'op.drop_table("{name}")', extra=extra)


def _index(parent: object, extra: str = "") -> str:
    return alembics(NEW, parent, INDEX, UNINDEX, extra=extra)


@pytest.mark.parametrize(
    ("history", "added", "ini", "tables"),
    [
        (
            {
                **HISTORY,
                f"{V}/a.py": _table("2a", ROOT, "left"),
                f"{V}/b.py": _table("2b", ROOT, "right"),
                f"{V}/merge.py": alembics("3c", ("2a", "2b")),
            },
            {f"{V}/new.py": _index("3c")},
            INI,
            ("left", "right"),
        ),
        (
            {**HISTORY, f"{V}/a.py": _table("2a", ROOT, "left")},
            {f"{V}/new.py": _index(ROOT), f"{V}/merge.py": alembics("3c", ("2a", NEW))},
            INI,
            ("left",),
        ),
        (
            {**HISTORY, f"{V}/other.py": _table("2a", None, "logs")},
            {f"{V}/new.py": _index(ROOT)},
            INI,
            ("logs",),
        ),
        (
            {**HISTORY, f"{V}/other.py": _table("2a", None, "logs", 'depends_on = "1a1a1a1a1a1a"')},
            {f"{V}/new.py": _index(ROOT), f"{V}/later.py": _table("4d", "2a", "more", f"depends_on = ({NEW!r},)")},
            INI,
            ("logs", "more"),
        ),
        (
            {
                f"{V}/shop.py": alembics(ROOT, None, CREATE, DROP, extra='branch_labels = ("shop",)'),
                f"{V}/logs.py": _table("2a", None, "logs", 'branch_labels = ("logs",)\ndepends_on = "shop"'),
            },
            {f"{V}/new.py": _index(ROOT)},
            INI,
            ("logs",),
        ),
        (
            {
                **HISTORY,
                f"{V}/a.py": _table("2a", ROOT, "left", 'branch_labels = ("a",)'),
                f"{V}/b.py": _table("2b", ROOT, "right", 'branch_labels = ("b",)'),
            },
            {f"{V}/new.py": _index("2b")},
            INI,
            ("left", "right"),
        ),
        (
            {**HISTORY, f"{V}/a.py": _table("2a", ROOT, "left"), f"{V}/b.py": _table("2b", ROOT, "right")},
            {f"{V}/new.py": _index("2b")},
            INI,
            ("left", "right"),
        ),
        (
            {**HISTORY, "plugins/logs/versions/logs.py": _table("2a", None, "logs")},
            {f"{V}/new.py": _index(ROOT)},
            INI + "version_locations = migrations/versions plugins/logs/versions\n",
            ("logs",),
        ),
        (
            {**HISTORY, "plugins/logs/versions/logs.py": _table("2a", None, "logs")},
            {"plugins/logs/versions/new.py": alembics(NEW, "2a", INDEX, UNINDEX, extra=f"depends_on = {ROOT!r}")},
            INI
            + "version_path_separator = os\nversion_locations = %(here)s/migrations/versions:plugins/logs/versions\n",
            ("logs",),
        ),
        (
            {**HISTORY, "plugins/logs/versions/logs.py": _table("2a", None, "logs")},
            {f"{V}/new.py": _index(ROOT)},
            INI + "path_separator = newline\nversion_locations = migrations/versions\n  plugins/logs/versions\n",
            ("logs",),
        ),
        (
            {f"{V}/2024/05/create.py": alembics(ROOT, None, CREATE, DROP)},
            {f"{V}/2025/01/new.py": _index(ROOT)},
            INI + "recursive_version_locations = true\n",
            (),
        ),
        (
            {
                f"{V}/squashed.py": alembics(ROOT, None, CREATE, DROP, extra='replaces = ["aa", "bb"]'),
                f"{V}/archive/aa.py": alembics("aa", None, CREATE, DROP),
                f"{V}/__init__.py": "",
            },
            {f"{V}/new.py": _index(ROOT)},
            INI,
            (),
        ),
    ],
    ids=[
        "a merge",
        "the merge is new",
        "two roots",
        "depends_on",
        "branch labels",
        "labelled fork",
        "a fork that was there",
        "version_locations",
        "version_path_separator",
        "path_separator",
        "year folders",
        "squashed",
    ],
)
def test_the_new_revision_is_judged_in_a_history_of_every_form(
    history: Mapping[str, str],
    added: Mapping[str, str],
    ini: str,
    tables: tuple[str, ...],
    terminal: Terminal,
    tmp_path: Path,
) -> None:
    """Alembic runs it, so a team has it: nothing but the new revision may be spoken of, and it must be."""
    models = 'import sqlalchemy as sa\n\nmetadata = sa.MetaData()\nsa.Table("entries", metadata,\n'
    models += '    sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),\n'
    models += '    sa.Column("note", sa.Text, index=True),\n)\n' + "".join(MORE.format(name) for name in tables)
    repository = foreign(tmp_path, terminal, history, added, ini=ini, models=models)
    repository.adopt()
    merges = sum(name.endswith("merge.py") for name in added)  # there is a rule about these
    repository.finds(next(name for name in added if name.endswith("new.py")), warnings=merges)


def test_a_section_of_another_name_is_adopted(terminal: Terminal, tmp_path: Path) -> None:
    """`alembic -n shop`, beside a section for another database."""
    ini = f"[shop]\n{SEPARATED}\n[logs]\n{SEPARATED.replace('migrations', 'logs')}"
    repository = foreign(tmp_path, terminal, ini=ini, files={"logs/env.py": "", "logs/versions/.keep": ""})
    repository.adopt("--section", "shop")
    repository.finds(f"{V}/{NEW}_index.py")


def test_a_fork_that_the_work_makes_is_told(terminal: Terminal, tmp_path: Path) -> None:
    """The one that was there before is nobody's business today; a second one is."""
    history = {**HISTORY, f"{V}/a.py": _table("2a", ROOT, "left")}
    repository = foreign(tmp_path, terminal, history, {f"{V}/new.py": _index(ROOT)})
    repository.adopt()
    said = repository.gate()
    assert said.code == 1
    assert "error[multiple-heads]: there are 2 heads, so `alembic upgrade head` stops\n" in said.out


def test_the_rows_of_a_new_and_an_old_branch_lie_side_by_side(terminal: Terminal, tmp_path: Path) -> None:
    """The version table holds a row for each branch: a downgrade on one must leave the other's."""
    history = {**HISTORY, f"{V}/other.py": _table("2a", None, "logs")}
    added = {f"{V}/b.py": _table("2b", "2a", "more"), f"{V}/new.py": _index(ROOT)}
    models = "import sqlalchemy as sa\n\nmetadata = sa.MetaData()\n" + MORE.format("logs") + MORE.format("more")
    repository = foreign(tmp_path, terminal, history, added, models=models)
    repository.adopt()
    said = repository.gate()
    assert "\nok      rollback  2 of 2 new revisions down and up again\n" in said.out, said
