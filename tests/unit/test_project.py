"""`headgate.project`: the Alembic project, its history, and what of it is new; or the two lines that say why not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from headgate import redaction
from headgate.errors import HeadgateError
from tests.projects import ADD_NOTE, CREATE, FIRST, INI, SECOND, THIRD, Made, make_project, revision


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder whose name has a space and an umlaut."""
    return tmp_path / "mein Prøjekt ü"


@pytest.fixture(autouse=True)
def _no_pull_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_BASE_REF", raising=False)


def _refused(ask: Callable[[], object]) -> HeadgateError:
    with pytest.raises(HeadgateError) as caught:
        ask()
    return caught.value


def _history(**parents: str | tuple[str, ...] | None) -> dict[str, str]:
    return {f"{id_}.py": revision(id_, parent) for id_, parent in parents.items()}


# Where it is


def test_the_one_project_below_the_root_is_found(folder: Path) -> None:
    """A repository with one project needs no setting."""
    made = make_project(folder / "services" / "shop" / "src", settings=None)
    Made(folder).git("init", "--quiet")

    project = made.find()

    assert (project.ini, project.script_folder) == (made.ini, made.env.parent)
    assert project.version_folders == (made.versions,)
    assert project.shown(made.versions / "a.py") == "services/shop/src/alembic/versions/a.py"


def test_no_project_is_refused(folder: Path) -> None:
    """A caller in the wrong folder learns which folder was looked through."""
    made = make_project(folder)
    made.ini.unlink()

    error = _refused(made.find)

    assert error.what == f"There is no Alembic project in {folder}: no alembic.ini there or in a folder below."
    assert error.fix == "Go to the project's folder, or set alembic in [tool.headgate] to the path of its ini file."


def test_of_two_projects_one_must_be_chosen(folder: Path) -> None:
    """Taking the first would judge the wrong one every other time."""
    for name in ("one", "two"):
        make_project(folder / name, settings=None)
    (folder / "pyproject.toml").write_text("[tool.headgate]\n")

    error = _refused(Made(folder).find)

    assert error.what == f"There are 2 Alembic projects in {folder}: one/alembic.ini, two/alembic.ini."
    assert error.fix == "Choose one: set alembic in [tool.headgate] to its path."
    (folder / "pyproject.toml").write_text('[tool.headgate]\nalembic = "two/alembic.ini"\n')
    assert Made(folder).find().ini == folder / "two" / "alembic.ini"


def test_of_many_projects_four_are_named(folder: Path) -> None:
    """The caller may stand in a folder of repositories."""
    for number in range(6):
        make_project(folder / f"p{number}", settings=None)

    what = _refused(Made(folder).find).what

    named = "p0/alembic.ini, p1/alembic.ini, p2/alembic.ini, p3/alembic.ini"
    assert what == f"There are 6 Alembic projects in {folder}: {named} and 2 more."


@pytest.mark.parametrize("place", [".hidden", "node_modules/x", "lib/site-packages/x", "env/share"])
def test_a_project_of_somebody_else_is_not_counted(folder: Path, place: str) -> None:
    """Packages bring their own alembic.ini along."""
    made = make_project(folder)
    make_project(folder / place, settings=None)
    if place.startswith("env"):
        (folder / "env" / "pyvenv.cfg").touch()

    assert made.find().ini == made.ini


def test_a_named_ini_file_must_be_there(folder: Path) -> None:
    """The setting may have outlived a move."""
    made = make_project(folder, settings='alembic = "db/alembic.ini"')

    assert _refused(made.find).what == f"{folder}/db/alembic.ini does not exist."


@pytest.mark.parametrize(
    ("ini", "why"),
    [
        ("", "No 'script_location' key found in configuration"),
        ("script_location = alembic\n", "File contains no section headers. file: alembic.ini, line: 1"),
        ("[alembic]\nscript_location\n", "Source contains parsing errors: alembic.ini [line 2]"),
        (INI + "script_location = other\n", "option 'script_location' in section 'alembic' already exists"),
        (INI.replace("(here)", "(there)"), "contains an interpolation key 'there'"),
        (INI + "file_template = %s\n", "'%' must be followed by '%' or '('"),
        (INI.replace("= os", "= comma"), "'comma' is not a valid value for path_separator"),
        (INI + "truncate_slug_length = long\n", "invalid literal for int() with base 10: 'long'"),
        (INI.replace("%(here)s/alembic", "no_such_package:alembic"), "No module named 'no_such_package'"),
        (INI.replace("/alembic", "/nowhere"), "Path doesn't exist: "),
        ("[alembic]\nscript_location = ü\n".encode("latin-1"), "'utf-8' codec can't decode byte 0xfc"),
    ],
)
def test_a_broken_ini_file_is_named_with_the_reason(folder: Path, ini: str | bytes, why: str) -> None:
    """Whichever of three parsers stumbles over it, in two lines."""
    made = make_project(folder)
    made.ini.write_bytes(ini if isinstance(ini, bytes) else ini.encode())

    error = _refused(made.find)

    assert error.what.startswith(f"{made.ini} is broken: ")
    assert why in error.what
    assert "\n" not in error.what
    assert error.fix == "Mend the file; `alembic init` writes a whole one."


@pytest.mark.parametrize("missing", ["alembic/versions", "more"])
def test_a_missing_folder_is_named(folder: Path, missing: str) -> None:
    """git keeps no empty folder, so a fresh clone of a fresh project has none."""
    made = make_project(folder, {}, ini=INI + f"version_locations = %(here)s/{missing}\n")
    made.versions.rmdir()

    error = _refused(made.find)

    assert error.what == f"{made.ini} names {folder}/{missing}, which is not there."
    assert error.fix == "Correct script_location or version_locations."


def test_the_password_of_the_ini_file_is_remembered(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Alembic's own template has the URL there; a stray percent sign in it is not our business yet."""
    monkeypatch.setattr(redaction, "_secrets", set())
    make_project(folder, ini=INI + "sqlalchemy.url = postgresql://amy:sec%ret@db/app\n").find()

    assert redaction.redacted("no sec%ret") == "no ***"


def test_another_section_may_hold_the_project(folder: Path) -> None:
    """As `alembic -n` has it."""
    made = make_project(folder, ini=INI.replace("[alembic]", "[orders]"), settings='section = "orders"')

    assert made.find().script_folder == made.env.parent
    assert made.find().alembic_config().config_ini_section == "orders"


# Its history


def test_parents_stand_before_children_whatever_their_names(folder: Path) -> None:
    """Ids need not sort, and Alembic does not ask for it."""
    project = make_project(folder, _history(a="b", b="c", c=None)).find()

    assert (list(project.revisions), project.heads) == (["c", "b", "a"], ("a",))


def test_branches_a_merge_and_a_dependency_are_followed(folder: Path) -> None:
    """All that Alembic allows, in one history; a dependency may be named by label."""
    files = _history(root=None, left="root", right="root", joined=("left", "right"), tip="joined")
    files["other.py"] = revision("other", None, extra='branch_labels = ("reports",)')
    files["tip.py"] = revision("tip", "joined", extra='depends_on = "reports"')
    files["root.py"] = revision("root", None, extra='depends_on = ["other"]')
    project = make_project(folder, files).find()

    order = list(project.revisions)
    assert order[0] == "other"
    assert order.index("root") < min(order.index("left"), order.index("right"))
    assert max(order.index("left"), order.index("right")) < order.index("joined") < order.index("tip")
    assert project.heads == ("other", "tip")


def test_what_a_database_has_follows_from_where_it_is(folder: Path) -> None:
    """Of a revision and what it depends on, Alembic notes only the first in the version table."""
    files = _history(a=None, b="a", left="b", right="b", joined=("left", "right"))
    files["a.py"] = revision("a", None, extra='branch_labels = "base"')
    files["other.py"] = revision("other", None, extra='depends_on = "base"')
    project = make_project(folder, files).find()

    assert project.with_ancestors([]) == set()
    assert project.with_ancestors(["left"]) == {"a", "b", "left"}
    assert project.with_ancestors(["joined", "other"]) == set(project.revisions)
    assert project.with_ancestors(["other"]) == {"a", "other"}


def test_two_heads_are_two_heads(folder: Path) -> None:
    """They are a verdict of the gate, and no reason not to describe the history."""
    assert set(make_project(folder, _history(a=None, b="a", c="a")).find().heads) == {"b", "c"}


def test_a_history_without_revisions_has_no_head(folder: Path) -> None:
    """The first day of a project."""
    project = make_project(folder, {}).find()

    assert (dict(project.revisions), project.heads, project.new) == ({}, (), ())


def test_an_id_that_stands_twice_is_refused_with_both_files(folder: Path) -> None:
    """Two people took the same one; Alembic warns and takes either."""
    made = make_project(folder, {"one.py": CREATE, "two.py": CREATE})

    error = _refused(lambda: made.find().revisions)

    both = "alembic/versions/one.py, alembic/versions/two.py"
    assert error.what == f"The revision id {FIRST} stands twice: {both}."
    assert error.fix == "Give one of them another id, and have it build on the other."


def test_a_missing_parent_is_refused_with_file_and_line(folder: Path) -> None:
    """Alembic answers with a KeyError."""
    made = make_project(folder, {"two.py": ADD_NOTE})

    error = _refused(lambda: made.find().revisions)

    line = ADD_NOTE.splitlines().index(f"down_revision = '{FIRST}'") + 1
    assert error.what == (
        f"alembic/versions/two.py, line {line}: down_revision {FIRST} is in no file of alembic/versions."
    )
    assert error.fix == "Fetch the missing revision, or set it to the revision that this one builds on."


def test_a_missing_dependency_is_refused_with_file_and_line(folder: Path) -> None:
    """The other name under which a revision may be meant."""
    made = make_project(folder, {"one.py": revision("a", None, extra='depends_on = ("gone",)')})

    assert "one.py, line 13: depends_on gone is in no file" in _refused(lambda: made.find().revisions).what


def test_a_circle_is_refused_in_full(folder: Path) -> None:
    """Two rebases crossed."""
    made = make_project(folder, _history(a="c", b="a", c="b"))

    error = _refused(lambda: made.find().revisions)

    circle = error.what.removeprefix("The revisions go round in a circle: ").removesuffix(".").split(" -> ")
    assert (circle[0], set(circle), len(circle)) == (circle[-1], {"a", "b", "c"}, 4)
    assert error.fix.startswith("Correct down_revision or depends_on in alembic/versions/")


def test_a_revision_that_builds_on_itself_is_a_circle(folder: Path) -> None:
    """The smallest one."""
    made = make_project(folder, _history(a="a"))

    assert _refused(lambda: made.find().revisions).what == "The revisions go round in a circle: a -> a."


def test_a_file_that_is_no_python_is_refused_with_its_line(folder: Path) -> None:
    """A conflict marker, mostly."""
    made = make_project(folder, {"one.py": CREATE, "two.py": "revision = 'x'\n<<<<<<< HEAD\n"})

    assert f"{made.versions}/two.py, line 2 is not valid Python" in _refused(lambda: made.find().revisions).what


def test_helpers_beside_the_revisions_are_no_revisions(folder: Path) -> None:
    """A versions folder may be a package with modules of its own."""
    made = make_project(folder, {"one.py": CREATE, "__init__.py": "", "helper.py": "x = 1\n"})

    assert list(made.find().revisions) == [FIRST]


def test_several_folders_and_their_subfolders_are_read(folder: Path) -> None:
    """Only where the ini file says so, as with Alembic."""
    ini = INI + "version_locations = %(here)s/alembic/versions:%(here)s/more\n"
    made = make_project(folder, {"one.py": CREATE}, ini=ini)
    (folder / "more" / "2026").mkdir(parents=True)
    (folder / "more" / "2026" / "two.py").write_text(ADD_NOTE)

    assert list(made.find().revisions) == [FIRST]
    made.ini.write_text(ini + "recursive_version_locations = true\n")
    assert list(made.find().revisions) == [FIRST, SECOND]


# What is new


@pytest.fixture
def made(folder: Path) -> Made:
    """Two revisions, both on `main`; only new ones are judged."""
    return make_project(folder, settings='judge = "new"', commit=True)


def _add_third(made: Made) -> Path:
    path = made.versions / "third.py"
    path.write_text(revision(THIRD, SECOND))
    return path


def test_what_is_on_the_base_branch_is_not_new(made: Made) -> None:
    """It was judged when it was merged; an edit of it is another rule's."""
    (made.versions / f"{SECOND}_add_note.py").write_text(ADD_NOTE + "# edited\n")

    assert made.find().new == ()
    assert set(made.find().merged) == set(made.versions.iterdir())


def test_a_file_that_is_not_committed_is_new(made: Made) -> None:
    """Untracked or staged: it is judged before anybody commits it."""
    _add_third(made)
    assert made.find().new == (THIRD,)
    made.git("add", "--all")
    assert made.find().new == (THIRD,)


def test_a_file_committed_on_a_branch_is_new_until_it_is_merged(made: Made) -> None:
    """The whole branch is judged, however many commits it has."""
    made.git("switch", "--quiet", "--create", "work")
    _add_third(made)
    made.commit("third")
    assert made.find().new == (THIRD,)
    made.git("switch", "--quiet", "--detach")
    assert made.find().new == (THIRD,)

    made.git("switch", "--quiet", "main")
    made.git("merge", "--quiet", "work")
    assert made.find().new == ()


def test_the_setting_names_the_base_branch(made: Made) -> None:
    """Where work starts from `develop`, `main` is history."""
    made.git("switch", "--quiet", "--create", "develop")
    _add_third(made)
    made.commit("third")
    assert made.find().new == (THIRD,)

    (made.root / "pyproject.toml").write_text('[tool.headgate]\nbase = "develop"\n')
    assert made.find().new == ()


def test_everything_is_new_before_the_first_commit(folder: Path) -> None:
    """`git init`, and nothing yet."""
    made = make_project(folder, settings='judge = "new"')
    made.git("init", "--quiet")

    assert made.find().new == (FIRST, SECOND)


def test_without_git_nothing_says_what_is_new(folder: Path) -> None:
    """Judging everything instead would bury the new revision under the old ones."""
    made = make_project(folder, settings='judge = "new"')

    error = _refused(lambda: made.find().new)

    assert error.what == f"{folder} is not in a git repository, so nothing says which revisions are new."
    assert error.fix == 'Run `git init`, or judge the whole history with judge = "all" in [tool.headgate].'


def test_without_a_base_branch_nothing_says_what_is_new(made: Made) -> None:
    """A shallow checkout in CI must not turn the whole history into a pull request."""
    made.git("branch", "--move", "main", "trunk")

    error = _refused(lambda: made.find().new)

    assert error.what == (
        "Nothing says which revisions are new: git has no commit that this work shares with main or master."
    )
    assert error.fix == (
        "Fetch that branch with its history (actions/checkout: fetch-depth: 0), or set base in [tool.headgate]."
    )


def test_the_whole_history_is_judged_where_that_is_asked_for(folder: Path) -> None:
    """It needs no git."""
    assert make_project(folder, settings='judge = "all"').find().new == (FIRST, SECOND)


def test_the_baseline_and_what_is_below_it_are_not_judged(folder: Path) -> None:
    """The history that was there before headgate; on another branch things stay new."""
    files = _history(a=None, b="a", c="b", side="a")
    made = make_project(folder, files, settings='judge = "all"\nbaseline = "b"')

    assert set(made.find().new) == {"c", "side"}


def test_a_baseline_that_is_no_revision_is_refused(folder: Path) -> None:
    """A typing error would otherwise judge everything, or nothing."""
    made = make_project(folder, settings='judge = "all"\nbaseline = "2026"')

    error = _refused(lambda: made.find().new)

    assert error.what == 'The baseline "2026" is not a revision of alembic/versions.'
    assert error.fix == "Set baseline in [tool.headgate] to the id of the newest revision that is not to be judged."


# Configured otherwise


def test_a_project_in_pyproject_is_found(folder: Path) -> None:
    """Alembic reads `[tool.alembic]` since 1.16, and needs no ini file then."""
    made = make_project(folder)
    made.ini.unlink()
    (folder / "pyproject.toml").write_text('[tool.alembic]\nscript_location = "%(here)s/alembic"\n')

    project = made.find()

    assert (project.ini, project.script_folder) == (folder / "pyproject.toml", made.env.parent)
    assert project.heads == (SECOND,)


def test_a_pyproject_and_an_ini_file_beside_it_are_one_project(folder: Path) -> None:
    """Alembic's own template has the URL and the logging in the one, all else in the other."""
    made = make_project(folder, ini="[alembic]\nsqlalchemy.url = postgresql://h/d\n")
    (folder / "pyproject.toml").write_text('[tool.alembic]\nscript_location = "%(here)s/alembic"\n')

    project = made.find()

    assert project.ini == made.ini
    assert project.alembic_config().get_main_option("sqlalchemy.url") == "postgresql://h/d"
    assert project.heads == (SECOND,)


def test_the_only_section_need_not_be_named(folder: Path) -> None:
    """An ini file may call it after the service."""
    made = make_project(folder, ini=INI.replace("[alembic]", "[shop]"))
    assert made.find().config.section == "shop"


def test_of_several_sections_one_must_be_chosen(folder: Path) -> None:
    """Each is a history of its own, as `alembic -n` sees it."""
    ini = INI.replace("[alembic]", "[shop]") + INI.replace("[alembic]", "[logs]")
    error = _refused(make_project(folder, ini=ini).find)
    assert error.what == f"{folder / 'alembic.ini'} has no section [alembic]; its environments are [shop], [logs]."
    assert error.fix == 'Choose one: set section = "shop" in [tool.headgate].'


def test_of_several_databases_one_must_be_chosen(folder: Path) -> None:
    """The multidb template's env.py runs for each of them, and one is judged at a time."""
    ini = INI + "databases = shop, logs\n[shop]\nsqlalchemy.url = x\n[logs]\nsqlalchemy.url = y\n"
    made = make_project(folder, ini=ini)
    error = _refused(made.find)
    assert error.what == f"{made.ini} is of 2 databases: shop, logs."
    assert error.fix == 'Choose the one that is judged: set database = "shop" in [tool.headgate].'

    (folder / "pyproject.toml").write_text('[tool.headgate]\ndatabase = "logs"\n')
    assert made.find().config.database == "logs"


def test_the_folder_of_env_is_the_inis_own_where_it_names_none(folder: Path) -> None:
    """Flask-Migrate sets it when it runs, and keeps its ini file there."""
    made = make_project(folder, ini="[alembic]\n")
    made.ini.rename(folder / "alembic" / "alembic.ini")
    assert made.find().script_folder == folder / "alembic"
