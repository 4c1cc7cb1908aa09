"""An environment that has the built wheel and nothing of this checkout."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.checkout import ROOT


@dataclass(frozen=True)
class Environment:
    """A virtual environment in which the built wheel is installed, the way an adopter has it."""

    bin: Path
    dist: Path

    @property
    def variables(self) -> dict[str, str]:
        """The surroundings of a command in it; a `headgate` that an installer asks for is the built one."""
        own = {"PATH": f"{self.bin}{os.pathsep}{os.environ['PATH']}", "UV_FIND_LINKS": str(self.dist)}
        foreign = ("VIRTUAL_ENV", "PYTHONPATH", "DATABASE_URL")
        return {name: value for name, value in os.environ.items() if name not in foreign} | own

    def run(self, *command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
        """Run a command that is installed in it."""
        program = str(self.bin / command[0])
        return subprocess.run(
            [program, *command[1:]], cwd=cwd, env=self.variables, capture_output=True, text=True, check=False
        )

    def install(self, *requirements: str) -> None:
        """Install more, at the versions of the lock."""
        pip = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--python", str(self.bin / "python")]
        subprocess.run([*pip, "--constraint", str(ROOT / "requirements.lock"), *requirements], check=True, cwd=ROOT)
