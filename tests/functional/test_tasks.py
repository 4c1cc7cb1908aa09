"""The tasks on a small project, in the order of the workflow: what each prints and what it leaves behind."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import make_url

from headgate.postgres import scratch
from headgate.postgres.server import Server
from tests.functional.conftest import Said, Terminal, error, latest, rows
from tests.projects import FIRST, MODELS, SECOND, Made, make_project

WITH_SIZE = MODELS.replace(
    'sa.Column("note", sa.Text())', 'sa.Column("note", sa.Text()), sa.Column("size", sa.Integer())'
)
UPGRADED = f"upgraded to {FIRST}\n  + table entries\nupgraded to {SECOND}\n  + column entries.note text\n"
NOTHING = error(
    "The models have nothing that the migrations do not build already.",
    "Change a model first, or write the revision by hand: inv migrate.new --empty -m 'add size'.",
)


@pytest.fixture(scope="module")
def at_head(server: Server, terminal: Terminal, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a database at head."""
    made = make_project(tmp_path_factory.mktemp("head"))
    with scratch.database(server) as database:
        assert terminal.type(made.root, "migrate.up", DATABASE_URL=database.url()).code == 0
        yield database.url()


@pytest.fixture
def made(tmp_path: Path) -> Made:
    """A project whose models agree with its revisions."""
    return make_project(tmp_path / "shop")


@pytest.fixture
def changed(tmp_path: Path) -> Made:
    """A project with one column more in its models."""
    return make_project(tmp_path / "shop", models=WITH_SIZE)


def test_the_list_reads_as_the_workflow(made: Made, terminal: Terminal) -> None:
    """Whoever types nothing sees it too: the sections in their order, each help on one line."""
    listed = terminal.type(made.root, "--list")
    assert terminal.type(made.root) == listed
    sections = [line[:1] for line in listed.out.splitlines() if line[:1].isdigit()]
    helps = [line[34:] for line in listed.out.splitlines() if line.startswith("  ")]
    assert sections == [str(number) for number in range(1, 10)]
    assert [text for text in helps if not 0 < len(text) <= 50] == []


@pytest.mark.parametrize("module", ["headgate", "invoke"])
def test_help_is_never_taken_for_a_message(module: str, made: Made, terminal: Terminal) -> None:
    """Invoke gives a required positional the next word, whatever it is; a revision "--help" would be the result."""
    (made.root / "tasks.py").write_text("import headgate\n\nns = headgate.collection()\n")
    said = terminal.type(made.root, "migrate.new", "--help", module=module)
    assert (said.code, "-m STRING, --message=STRING   what the revision does, a short phrase" in said.out) == (0, True)
    assert len(list(made.versions.glob("*.py"))) == 2


@pytest.mark.parametrize(
    ("words", "what", "fix"),
    [
        (["migrate.pu"], "No idea what 'migrate.pu' is.", "See `headgate --list` and `headgate <task> --help`."),
        (["--list", "shop"], "Sub-collection 'shop' not found.", "See `headgate --list` and `headgate <task> --help`."),
        (["--help", "shop"], "No idea what 'shop' is.", "See `headgate --list` and `headgate <task> --help`."),
        (["gate", "--fast"], "No idea what '--fast' is.", "See `headgate --list` and `headgate <task> --help`."),
        (["migrate.new"], "A revision needs a message.", 'Give one: inv migrate.new -m "add note to entries"'),
        (["ship"], "ship needs a message for the revision.", 'Give one: inv ship -m "add note to entries"'),
        (["migrate.down", "-n", "two"], '-n takes a whole number, not "two".', "Give one, as in -n 1."),
        (["backend.serve", "--port", "http"], '--port takes a whole number, not "http".', "Give one, as in --port 1."),
        (
            ["backend.test", "--args", "-k 'a"],
            "--args -k 'a cannot be split into words: No closing quotation.",
            "Close the quote.",
        ),
        (
            ["gate", "--postgres", "9"],
            "PostgreSQL 9 is not a version that headgate judges with.",
            "Choose one of 14, 15, 16, 17, 18.",
        ),
        (
            ["gate", "--postgres", "new"],
            "PostgreSQL new is not a version that headgate judges with.",
            "Choose one of 14, 15, 16, 17, 18.",
        ),
        (
            ["backend.smoke"],
            "There is no service in {root}/backend.",
            'Set folder in [tool.headgate.backend], as in folder = "backend".',
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_word_that_is_not_understood_ends_with_two(
    words: list[str], what: str, fix: str, made: Made, terminal: Terminal
) -> None:
    """A script must be able to tell a typing mistake (2) from a finding (1)."""
    assert terminal.type(made.root, *words) == Said(2, "", error(what.format(root=made.root), fix))


def test_the_plan_names_each_change_and_its_cost(changed: Made, terminal: Terminal) -> None:
    """Before anything is written."""
    assert terminal.type(changed.root, "migrate.plan") == Said(
        0,
        "+ column entries.size integer\n"
        "    Adds entries.size: catalog change only; ACCESS EXCLUSIVE on entries for a moment.\n"
        '1 change to write.\nnext  inv migrate.new -m "…"\n',
    )


def test_drift_is_a_finding_in_words_and_in_json(changed: Made, terminal: Terminal) -> None:
    """The same run for a person and for a machine."""
    sentence = "column entries.size is in the models, not in the migrations"
    assert terminal.type(changed.root, "migrate.drift") == Said(
        1, f"{sentence}\n1 difference in 8 catalog objects, PostgreSQL 18.4.\n"
    )
    said = terminal.type(changed.root, "migrate.drift", "--json")
    document = json.loads(said.out)
    assert (said.code, [difference["sentence"] for difference in document["differences"]]) == (1, [sentence])


def test_a_revision_is_written_and_taken_back(changed: Made, terminal: Terminal, url: str) -> None:
    """The way of one change: new refuses below head, writes at head, up applies it, down tells what it would drop."""
    there = {"DATABASE_URL": url}
    new = ["migrate.new", "-m", "add size", "--intent", "so that it can be sorted by"]
    assert terminal.type(changed.root, *new, **there) == Said(
        2,
        "",
        error(
            f"The database is at nothing, the revisions are at {SECOND}.",
            "Bring it to the head with `inv migrate.up`, then run the command again.",
        ),
    )
    assert terminal.type(changed.root, "migrate.up", **there) == Said(
        0, f"{UPGRADED}{make_url(url)} is at {SECOND}; 2 applied.\n"
    )
    said = terminal.type(changed.root, *new, **there)
    path = latest(changed)
    assert said == Said(0, f"wrote alembic/versions/{path.name}\nnext  read it, then: inv migrate.review\n")
    assert terminal.type(changed.root, "migrate.review").code == 0
    assert terminal.type(changed.root, "migrate.up", **there).out.startswith(
        f"upgraded to {path.stem[:14]}\n  + column entries.size integer\n"
    )
    rows(url, "INSERT INTO entries (id, size) VALUES (1, 3), (2, 4), (3, NULL)")
    told = "- column entries.size\ndrops column entries.size, which holds 2 values\n"
    assert terminal.type(changed.root, "migrate.down", **there) == Said(
        2,
        told,
        error("Nothing was done: the downgrade drops data.", "Run it again with --yes: inv migrate.down -n 1 --yes"),
    )
    assert terminal.see(changed.root, "migrate.down", answer="n\n", **there).code == 2
    assert rows(url, "SELECT count(size) FROM entries") == [(2,)]
    assert terminal.type(changed.root, "migrate.down", "--yes", **there) == Said(
        0, f"{told}took back {path.stem[:14]}\n  - column entries.size\n"
    )
    assert rows(url, "SELECT version_num FROM alembic_version") == [(SECOND,)]


def test_there_is_nothing_to_take_back_from_an_empty_database(made: Made, terminal: Terminal, url: str) -> None:
    """Nor is `-n 0` a step."""
    assert terminal.type(made.root, "migrate.down", DATABASE_URL=url).err == error(
        "The database has no revision to take back.", "Nothing is to be done: it is at the start."
    )
    assert terminal.type(made.root, "migrate.down", "-n", "0", DATABASE_URL=url).err == error(
        "-n 0 is no number of steps.", "Give 1 or more."
    )


def test_status_tells_where_models_files_and_database_stand(changed: Made, terminal: Terminal, at_head: str) -> None:
    """It is also what `migrate` alone does."""
    said = terminal.type(changed.root, "migrate", DATABASE_URL=at_head)
    assert said == Said(
        0,
        f"project    alembic.ini, 2 revisions, head {SECOND}\n"
        f"new        {FIRST}, {SECOND}\n"
        "models     1 change to write: inv migrate.plan\n"
        f"database   {make_url(at_head)}\n"
        f"           at {SECOND}; 0 to apply\n",
    )


def test_nothing_is_written_when_there_is_nothing_to_write(made: Made, terminal: Terminal, at_head: str) -> None:
    """An empty revision would be merged, and everybody would wonder what was forgotten."""
    assert terminal.type(made.root, "migrate.up", DATABASE_URL=at_head) == Said(0, f"Nothing to apply: at {SECOND}.\n")
    assert terminal.type(made.root, "migrate.new", "-m", "add size", DATABASE_URL=at_head) == Said(2, "", NOTHING)
    assert len(list(made.versions.glob("*.py"))) == 2


@pytest.mark.parametrize(
    ("message", "name"),
    [
        ('say "hello" \\ it\'s """quoted"""', "say_hello_its_quoted"),
        ("two\nlines\r\n\tand a tab", "two_lines_and_a_tab"),
        ("../../etc/passwd; rm -rf /", "etc_passwd_rm_rf"),
        ("add 🦆 to größe", "add_to_grosse"),
        ("word " * 60, "word_word_word_word_word_word_word_word_word"),
        ("{braces} %(percent)s ${dollar} #hash", "braces_percent_s_dollar_hash"),
    ],
    ids=["quotes", "newlines", "slashes", "emoji", "300 characters", "templates"],
)
def test_any_message_gives_a_file_that_python_reads(
    message: str, name: str, made: Made, terminal: Terminal, at_head: str
) -> None:
    """It goes into a file name, a docstring and a template, and each of them has signs of its own."""
    said = terminal.type(made.root, "migrate.new", "--empty", "-m", message, DATABASE_URL=at_head)
    path = latest(made)
    assert (said.code, said.err, path.name[14:]) == (0, "", f"_{name}.py")
    found = made.find()
    assert found.revisions[path.name[:14]].message == " ".join(message.split())
    assert sorted(made.root.rglob("*_*.py")) == sorted(made.versions.glob("*.py"))


def test_a_revision_that_cannot_be_written_leaves_no_file(made: Made, terminal: Terminal, at_head: str) -> None:
    """The template was lost in a merge."""
    template = made.root / "alembic" / "script.py.mako"
    template.unlink()
    what = f"The revision cannot be written: {template}: No such file or directory."
    said = terminal.type(made.root, "migrate.new", "--empty", "-m", "add size", DATABASE_URL=at_head)
    assert said == Said(2, "", error(what, "Mend that, then run the command again; no file was left."))
    assert len(list(made.versions.iterdir())) == 2 + (made.versions / "__pycache__").is_dir()


@pytest.mark.parametrize(
    ("message", "what", "fix"),
    [
        ("", "The message is empty.", "Say what the revision does"),
        (" \n ", "The message is empty.", "Say what the revision does"),
        ("🦆", 'The message "🦆" leaves nothing to name a file with.', "Put it in words with letters a to z or digits"),
        (
            "日本",
            'The message "日本" leaves nothing to name a file with.',
            "Put it in words with letters a to z or digits",
        ),
    ],
    ids=["empty", "blank", "emoji", "no letters"],
)
def test_a_message_without_a_word_is_refused(message: str, what: str, fix: str, made: Made, terminal: Terminal) -> None:
    """A file needs a name."""
    said = terminal.type(made.root, "migrate.new", "--empty", "-m", message)
    assert said == Said(2, "", error(what, f'{fix}: -m "add note to entries".'))
