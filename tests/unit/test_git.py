"""`headgate.git`: what git knows, and nothing where it knows nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from headgate.git import Repository, find_repository
from tests.projects import Made


@pytest.fixture
def made(tmp_path: Path) -> Made:
    """A repository with one commit on `main`; in its path a space and an umlaut."""
    made = Made(tmp_path / "mein Verzeichnis ü")
    made.root.mkdir()
    made.git("init", "--quiet")
    _write(made, "versions/eins ä.py", "1\n")
    made.commit("one")
    return made


def _write(made: Made, name: str, text: str) -> Path:
    path = made.root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def _tip(made: Made, name: str = "HEAD") -> str:
    return made.git("rev-parse", name).strip()


def test_the_checkout_is_found_from_a_folder_inside_it(made: Made) -> None:
    """Tasks are called from anywhere."""
    assert find_repository(made.root / "versions") == Repository(made.root)


def test_no_git_and_no_checkout_are_both_none(tmp_path: Path, made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tarball of the project, or a machine without git, can still be judged as a whole."""
    assert find_repository(tmp_path) is None
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_repository(made.root) is None


def test_a_checkout_of_another_user_is_read(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    """A container runs as root on the files of somebody else, and git calls that dubious and says nothing more."""
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")

    assert find_repository(made.root) == Repository(made.root)


def test_a_hooks_variables_do_not_lead_to_another_repository(
    tmp_path: Path, made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    """git sets them for its hooks, and the gate is one."""
    other = Made(tmp_path / "other")
    other.root.mkdir()
    other.git("init", "--quiet")
    monkeypatch.setenv("GIT_DIR", str(other.root / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other.root))

    assert find_repository(made.root) == Repository(made.root)


def test_what_git_refuses_is_none(made: Made) -> None:
    """The caller decides what the absence means."""
    assert Repository(made.root).run("rev-parse", "nowhere") is None


def test_work_is_measured_from_where_it_left_the_base_branch(made: Made) -> None:
    """What was merged meanwhile is not this branch's."""
    start = _tip(made)
    made.git("switch", "--quiet", "--create", "work")
    _write(made, "two", "2")
    made.commit("two")
    made.git("switch", "--quiet", "main")
    _write(made, "three", "3")
    made.commit("three")
    made.git("switch", "--quiet", "work")

    assert Repository(made.root).base(None, {}) == start


def test_the_remote_branch_goes_before_a_stale_local_one(tmp_path: Path, made: Made) -> None:
    """Who never pulls `main` would otherwise be judged for what others merged."""
    stale = _tip(made)
    _write(made, "two", "2")
    made.commit("two")
    made.git("clone", "--quiet", str(made.root), str(tmp_path / "clone"))
    clone = Made(tmp_path / "clone")
    clone.git("switch", "--quiet", "--create", "work")
    clone.git("branch", "--force", "main", stale)

    assert Repository(clone.root).base(None, {}) == _tip(clone, "origin/main") != stale


def test_the_pull_requests_target_goes_before_the_setting(made: Made) -> None:
    """A pull request into a release branch is measured from that branch."""
    repository = Repository(made.root)
    made.git("branch", "release")
    _write(made, "two", "2")
    made.commit("two")

    assert repository.base("main", {"GITHUB_BASE_REF": "release"}) == _tip(made, "release")
    assert repository.base("main", {"GITHUB_BASE_REF": ""}) == _tip(made, "main")
    assert repository.base("main", {"GITHUB_BASE_REF": "gone"}) == _tip(made, "main")


def test_a_detached_head_has_a_base(made: Made) -> None:
    """CI checks out a commit, not a branch."""
    start = _tip(made)
    made.git("switch", "--quiet", "--detach")
    _write(made, "two", "2")
    made.commit("two")

    assert Repository(made.root).base(None, {}) == start


def test_master_is_looked_for_where_there_is_no_main(made: Made) -> None:
    """Older repositories call it that."""
    made.git("branch", "--move", "main", "master")

    assert Repository(made.root).base(None, {}) == _tip(made)


def test_no_base_branch_is_none(made: Made) -> None:
    """The caller says which setting would help."""
    made.git("branch", "--move", "main", "trunk")
    repository = Repository(made.root)

    assert repository.base(None, {}) is None
    assert repository.base("develop", {}) is None
    assert repository.base("trunk", {}) == _tip(made)


def test_a_shallow_clone_has_no_base(tmp_path: Path, made: Made) -> None:
    """Both branches are there, but not the commit at which they parted."""
    made.git("switch", "--quiet", "--create", "work")
    _write(made, "two", "2")
    made.commit("two")
    made.git("switch", "--quiet", "main")
    _write(made, "three", "3")
    made.commit("three")
    made.git("clone", "--quiet", "--depth=1", "--branch=work", made.root.as_uri(), str(tmp_path / "shallow"))
    shallow = Made(tmp_path / "shallow")
    shallow.git("fetch", "--quiet", "--depth=1", "origin", "main:refs/remotes/origin/main")

    assert Repository(shallow.root).base("main", {}) is None


def test_a_repository_without_a_commit_says_so(tmp_path: Path, made: Made) -> None:
    """There everything is new, which is another thing than not knowing."""
    fresh = Made(tmp_path / "fresh")
    fresh.root.mkdir()
    fresh.git("init", "--quiet")

    assert not Repository(fresh.root).has_commits
    assert Repository(fresh.root).base(None, {}) is None
    assert Repository(made.root).has_commits


def test_files_are_told_as_they_were_at_a_commit(made: Made) -> None:
    """With names that git would quote; what came later, or lies elsewhere, is not among them."""
    start = _tip(made)
    _write(made, "versions/eins ä.py", "changed\n")
    _write(made, "versions/deep/zwei.py", "2\n")
    _write(made, "other.py", "3\n")
    made.commit("more")
    repository = Repository(made.root)
    versions = made.root / "versions"

    assert list(repository.files_at(start, versions)) == [versions / "eins ä.py"]
    assert set(repository.files_at("HEAD", versions)) == {versions / "eins ä.py", versions / "deep" / "zwei.py"}
    assert set(repository.files_at("HEAD", made.root)) >= {made.root / "other.py"}
    assert repository.files_at("HEAD", made.root.parent) == {}


def test_content_ids_tell_whether_a_file_was_edited(made: Made) -> None:
    """The id is git's own, so that an untouched file has the one it had at the commit."""
    repository = Repository(made.root)
    path = made.root / "versions" / "eins ä.py"
    at_commit = repository.files_at("HEAD", path.parent)[path]

    assert repository.content_ids([path]) == [at_commit]
    path.write_text("edited\n")
    assert repository.content_ids([path]) != [at_commit]
    assert repository.content_ids([]) == []
