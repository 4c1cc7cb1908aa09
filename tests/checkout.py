"""A fresh clone of this repository, with what is being worked on."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[1]


def clone(target: Path) -> Path:
    """Clone this checkout and bring its uncommitted files along, so that a test sees the code that is there."""
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(target)], check=True)
    listed = ["git", "-C", str(ROOT), "ls-files", "-z", "--modified", "--others", "--exclude-standard"]
    for name in subprocess.run(listed, capture_output=True, text=True, check=True).stdout.split("\0"):
        if name and (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target / name)
    return target


def commit(folder: Path) -> None:
    """Commit everything in a repository, as somebody."""
    subprocess.run(["git", "add", "."], cwd=folder, check=True)
    somebody = ["-c", "user.name=Anna", "-c", "user.email=anna@example.org"]
    subprocess.run(["git", *somebody, "commit", "--quiet", "--allow-empty", "-m", "now"], cwd=folder, check=True)
