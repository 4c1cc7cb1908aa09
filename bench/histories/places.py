"""A project as it comes from the package index: an environment with its own pins, and its files as in a checkout."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


@dataclass(frozen=True)
class Place:
    """Where a project lies.

    Args:
        name: the project.
        told: the settings that stand in `<name>.toml`.
        folder: holds its environment and its files.
    """

    name: str
    told: dict[str, Any]
    folder: Path

    @property
    def python(self) -> Path:
        """The interpreter of its environment."""
        return self.folder / "venv" / "bin" / "python"

    @property
    def checkout(self) -> Path:
        """Its files, as in a checkout."""
        return self.folder / "root"

    @property
    def environment(self) -> dict[str, str]:
        """The variables that its interpreter is given: its files and this checkout's headgate are found."""
        kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        return {**kept, "PYTHONPATH": os.pathsep.join([str(self.checkout), str(ROOT / "src")])}

    @property
    def version(self) -> str:
        """The version of the package that ships the history."""
        return _version(self.python, self.told["checkout"][0])

    def set_up(self) -> None:
        """Make the environment and fetch the files, unless they are there; renew the settings' own files."""
        if not (self.folder / "done").is_file():
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder.mkdir(parents=True)
            _install(self)
            (self.folder / "done").touch()
        for path in HERE.glob(f"{self.name.partition('-')[0]}*"):
            if path.name.endswith(("_prepare.py", ".ini")):
                shutil.copy(path, self.checkout)

    def settle(self, **settings: Any) -> None:
        """Write `headgate.toml`: the project's own settings, and these."""
        text = _toml({**self.told["headgate"], **settings})
        (self.checkout / "headgate.toml").write_text(text, encoding="utf-8")


def names() -> list[str]:
    """Give the projects that have settings here."""
    return sorted(path.stem for path in HERE.glob("*.toml"))


def place(name: str, folder: Path) -> Place:
    """Give the place of a project below a folder."""
    return Place(name, tomllib.loads((HERE / f"{name}.toml").read_text(encoding="utf-8")), folder / name)


def _install(place: Place) -> None:
    uv = shutil.which("uv") or "uv"
    overrides = place.folder / "overrides.txt"
    overrides.write_text("\n".join(place.told.get("overrides", [])))
    # An interpreter that is here serves, unless the project says which it needs.
    version = place.told.get("python", sys.executable)
    subprocess.run([uv, "venv", "-q", "--python", version, str(place.folder / "venv")], check=True)
    install = [uv, "pip", "install", "-q", "--compile-bytecode", "--python", str(place.python)]
    subprocess.run([*install, "--override", str(overrides), *place.told["requirements"], str(ROOT)], check=True)
    subprocess.run([uv, "pip", "uninstall", "-q", "--python", str(place.python), "headgate"], check=True)
    pinned = [f"{package}=={_version(place.python, package)}" for package in place.told["checkout"]]
    subprocess.run([*install, "--no-deps", "--target", str(place.checkout), *pinned], check=True)


def _version(python: Path, package: str) -> str:
    ask = f"import importlib.metadata as m; print(m.version({package!r}))"
    return subprocess.run([str(python), "-c", ask], capture_output=True, text=True, check=True).stdout.strip()


def _toml(table: dict[str, Any], prefix: str = "") -> str:
    lines = [f"{key} = {json.dumps(value)}" for key, value in table.items() if not isinstance(value, dict)]
    for key, value in table.items():
        if isinstance(value, dict):
            lines += [f"[{prefix}{key}]", _toml(value, f"{prefix}{key}.")]
    return "\n".join(lines) + "\n"
