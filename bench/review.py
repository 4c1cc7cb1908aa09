"""What a review of one new revision costs, against what Python needs to import Alembic and psycopg and to connect.

python bench/review.py [ROUNDS] [REVISIONS]

The history has 500 revisions unless told otherwise. The first review keeps the state below the new revision; it is
measured by itself, and so is one that keeps nothing. Rounds alternate, so that a busy machine slows all of them.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from headgate.postgres.server import scratch_server

ROOT = Path(__file__).resolve().parents[1]
INI = "[alembic]\nscript_location = %(here)s/alembic\nprepend_sys_path = %(here)s\npath_separator = os\n"
ENV = """\
import os

from alembic import context
from sqlalchemy import MetaData, create_engine, pool

with create_engine(os.environ["DATABASE_URL"], poolclass=pool.NullPool).connect() as connection:
    context.configure(connection=connection, target_metadata=MetaData(), transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()
"""
FILE = '''\
"""{message}

Intent: a measurement.
Risk: catalog change only.
Rollback: takes back what the upgrade made.
"""

import sqlalchemy as sa
from alembic import op

revision = {id!r}
down_revision = {parent!r}


def upgrade() -> None:
    {up}


def downgrade() -> None:
    {down}
'''
TABLE = 'op.create_table("{0}", sa.Column("id", sa.BigInteger(), primary_key=True), sa.Column("name", sa.Text()))'
COLUMN = 'op.add_column("{0}", sa.Column("{1}", sa.Integer()))'
INDEX = """with op.get_context().autocommit_block():
        op.create_index("ix_t0_name", "t0", ["name"], postgresql_concurrently=True)"""
DROP = """with op.get_context().autocommit_block():
        op.drop_index("ix_t0_name", "t0", postgresql_concurrently=True)"""
PER_TABLE = 8


def write(root: Path, revisions: int) -> None:
    """Write a project whose history is merged, and one new revision."""
    versions = root / "alembic" / "versions"
    versions.mkdir(parents=True)
    (root / "alembic.ini").write_text(INI)
    (root / "alembic" / "env.py").write_text(ENV)
    (root / ".gitignore").write_text("__pycache__/\n")
    parent = None
    for number in range(revisions):
        id_, table, column = f"20250101{number:06d}", f"t{number // PER_TABLE}", f"c{number}"
        up, down = TABLE.format(table), f'op.drop_table("{table}")'
        if number % PER_TABLE:
            up, down = COLUMN.format(table, column), f'op.drop_column("{table}", "{column}")'
        text = FILE.format(message=f"change {number}", id=id_, parent=parent, up=up, down=down)
        (versions / f"{id_}_change_{number}.py").write_text(text)
        parent = id_
    author = ("-c", "user.name=Bench", "-c", "user.email=bench@example.org", "-c", "init.defaultBranch=main")
    for command in (("init", "--quiet"), ("add", "--all"), ("commit", "--quiet", "--message", "start")):
        subprocess.run(["git", *author, *command], cwd=root, check=True)
    new = "20261122170212"
    (versions / f"{new}_find_by_name.py").write_text(
        FILE.format(message="find by name", id=new, parent=parent, up=INDEX, down=DROP)
    )


def seconds(command: Sequence[str], root: Path, environment: Mapping[str, str]) -> float:
    """Run a command to its end."""
    started = time.perf_counter()
    done = subprocess.run(command, cwd=root, env={**os.environ, **environment}, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)
    return time.perf_counter() - started


def main(rounds: int, revisions: int) -> None:
    """Print the medians, and how they stand to each other."""
    with tempfile.TemporaryDirectory() as folder, scratch_server(cache=Path(folder, "cache")) as server:
        root = Path(folder, "project")
        write(root, revisions)
        connect = f"import alembic, psycopg; psycopg.connect({server.url(driver='')!r}).close()"
        review = [sys.executable, "-m", "headgate", "migrate.review"]
        kept = {"HEADGATE_CACHE": f"{folder}/cache", "HEADGATE_KEEP": "1"}
        cold = seconds(review, root, kept)
        found: dict[str, list[float]] = {"imports": [], "warm": [], "nothing kept": []}
        for _ in range(rounds):
            found["imports"].append(seconds([sys.executable, "-c", connect], root, {}))
            found["warm"].append(seconds(review, root, kept))
            found["nothing kept"].append(seconds(review, root, {**kept, "HEADGATE_KEEP": "0"}))
    medians = {name: statistics.median(values) for name, values in found.items()}
    print(f"one new revision on {revisions}, medians of {rounds} rounds")
    print(f"  import alembic and psycopg, connect  {medians['imports']:.2f} s")
    for name in ("warm", "nothing kept"):
        print(f"  review, {name:<28} {medians[name]:.2f} s  {medians[name] / medians['imports']:.2f} x")
    print(f"  review, the first, which keeps it    {cold:.2f} s  {cold / medians['imports']:.2f} x")


if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[1:]]
    main(*(numbers + [5, 500][len(numbers) :]))
