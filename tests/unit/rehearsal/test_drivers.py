"""`headgate.rehearsal.drivers`: no driver connects without having asked."""

from __future__ import annotations

import subprocess
import sys
from textwrap import dedent

import pytest

GUARD = """
from headgate.rehearsal.drivers import guard

class Refused(Exception): pass

def refuse(said):
    raise Refused(*sorted(f"{name}={part}" for name, part in said.items()))

guard(refuse)
"""
CALLS = {
    "psycopg": "psycopg.connect('host=a port=1', dbname='b')",
    "psycopg2": "psycopg2.connect('host=a port=1', dbname='b')",
    "asyncpg": "asyncio.run(asyncpg.connect('postgresql://a:1/', database='b'))",
}


def _run(*parts: str) -> str:
    """Give what a process of its own ends with: the guard stays."""
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(map(dedent, parts))], capture_output=True, text=True, check=False
    )
    return (done.stdout + done.stderr).strip().splitlines()[-1]


@pytest.mark.parametrize("early", [True, False], ids=["imported before", "imported after"])
@pytest.mark.parametrize("driver", CALLS)
def test_the_question_holds_the_place_whenever_the_driver_is_imported(driver: str, early: bool) -> None:
    """The process that a rehearsal is forked from may have imported a driver, and mostly has not."""
    imports = f"import asyncio, {driver}"
    name = "database" if driver == "asyncpg" else "dbname"
    said = {"host=a", "port=1", f"{name}=b"}

    ended = _run(*((imports, GUARD) if early else (GUARD, imports)), CALLS[driver])

    assert ended == f"Refused: {tuple(sorted(said))}"


def test_a_function_that_was_taken_from_a_driver_asks_too() -> None:
    """`from psycopg2 import connect` in a revision comes after the guard."""
    ended = _run(GUARD, "from psycopg2 import connect", "connect('host=a')")

    assert ended == "Refused: host=a"


def test_a_driver_that_nobody_uses_is_not_imported() -> None:
    """Both cost 50 ms together, in each process of a rehearsal."""
    assert _run(GUARD, "import sys", "print({'psycopg2', 'asyncpg'} & set(sys.modules))") == "set()"


@pytest.mark.parametrize("absence", ["sys.modules['psycopg2'] = None", "sys.path.clear()"])
def test_a_driver_that_is_absent_is_still_absent(absence: str) -> None:
    """Projects choose their driver by whether it can be imported."""
    assert _run(
        f"import sys\nimport headgate.rehearsal.drivers, psycopg.conninfo\n{absence}", GUARD, "import psycopg2"
    ).startswith("ModuleNotFoundError")


def test_a_guarded_function_keeps_its_name_and_its_signature() -> None:
    """Libraries look at both."""
    shown = "import inspect, psycopg\nprint(psycopg.connect.__name__, 'conninfo' in inspect.signature(psycopg.connect)"
    assert _run(GUARD, f"{shown}.parameters)") == "connect True"
