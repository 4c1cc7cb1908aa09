"""A checkout of this repository as a reader has it: committed, with its environment, apart from the working tree."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.checkout import clone, commit


@dataclass(frozen=True)
class Checkout:
    """The copy, and the environment variables of a shell in it."""

    root: Path
    environment: Mapping[str, str]

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        """Run a shell command in the copy; stderr is part of what a reader sees."""
        return subprocess.run(
            ["bash", "-c", command],
            cwd=self.root,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Checkout]:
    """Give a copy of the repository in which `inv` and `python3 tasks.py` are this copy's."""
    root = clone(tmp_path / "headgate")
    kept = ("HOME", "LANG", "LC_ALL", "PIP_INDEX_URL", "SSL_CERT_FILE", "TMPDIR", "USER")
    environment = {
        **{name: os.environ[name] for name in kept if name in os.environ},
        "PATH": f"{root / '.venv' / 'bin'}:{os.environ['PATH']}",
        "VIRTUAL_ENV": str(root / ".venv"),
        "HEADGATE_CACHE": str(tmp_path / "cache"),
        "HEADGATE_STATE": str(tmp_path / "state"),
        "COLUMNS": "120",
    }
    copy = Checkout(root, environment)
    make_environment(copy)
    commit(root)
    yield copy
    copy.run("headgate db.stop")


def make_environment(copy: Checkout) -> None:
    """Make the copy's `.venv` from the packages that this test runs on: what pip would install is there already."""
    place = copy.root / ".venv"
    venv.EnvBuilder(symlinks=True).create(place)
    packages = next(place.glob("lib/python*/site-packages"))
    here = next(Path(folder) for folder in sys.path if folder.endswith("site-packages"))
    # A folder that a .pth file names is not searched for more of them, so the editable headgate of `here` stays out.
    (packages / "copy.pth").write_text(f"{copy.root / 'src'}\n{copy.root}\n{here}\n")
    for script in Path(sys.executable).parent.iterdir():
        if script.is_symlink() or not script.is_file():
            continue
        content = script.read_bytes()
        first, _, rest = content.partition(b"\n")
        if first.startswith(b"#!") and b"python" in first:
            (place / "bin" / script.name).write_bytes(f"#!{place}/bin/python\n".encode() + rest)
            (place / "bin" / script.name).chmod(0o755)
    stamp = "import tasks; tasks.STAMP.write_text(tasks._wanted())"
    done = subprocess.run(
        [place / "bin" / "python", "-c", stamp],
        cwd=copy.root,
        env=copy.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
