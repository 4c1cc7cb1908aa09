"""The texts of the files that `init` offers. Each does no more than call the gate."""

from __future__ import annotations

from pathlib import Path
from textwrap import indent

from headgate import __version__

__all__ = ["TASKS", "hooks", "noxfile", "requirements", "workflow"]

TASKS = '''\
"""The project's tasks: `inv --list`, or `headgate --list`."""

from headgate import collection

ns = collection()
'''

_HOOKS = """\
- repo: local
  hooks:
    - id: headgate-files
      name: headgate, by the text
      entry: python -m headgate.hooks
      language: system
      files: (^|/)versions/.+\\.py$
      stages: [pre-commit]
    - id: headgate-gate
      name: headgate, the gate
      entry: headgate gate
      language: system
      pass_filenames: false
      require_serial: true
      stages: [pre-push]
"""

_NOXFILE = '''\
#!/usr/bin/env -S uv run --script
# /// script
# dependencies = ["nox", "headgate=={version}"]
# ///
"""CI runs `nox -s migrations`; so can you. The block above is nox's own environment."""

import nox
from headgate.sessions import register

register({arguments})

if __name__ == "__main__":
    nox.main()
'''

_WORKFLOW = """\
name: migrations

on:
  pull_request:
  push:
    branches: [{branch}]

permissions:
  contents: read

jobs:
  gate:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/checkout@{checkout}
        with:
          fetch-depth: 0 # the merge base says which revisions are new
          persist-credentials: false
      - uses: actions/setup-python@5fda3b95a4ea91299a34e894583c3862153e4b97 # v7.0.0
        with:
          python-version: "3.13"
      - run: python -m pip install {words}
      - run: headgate gate
"""
_CHECKOUT = "3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1"


def requirements(root: Path) -> tuple[str, ...]:
    """Give pip's arguments for what the project needs, from the files that are there."""
    if (root / "requirements.txt").is_file():
        return ("-r", "requirements.txt")
    if (root / "pyproject.toml").is_file() or (root / "setup.py").is_file():
        return ("-e", ".")
    return ()


def hooks(margin: str) -> str:
    """Give the item of `repos:` in `.pre-commit-config.yaml`.

    Args:
        margin: what the items of the list begin with.
    """
    return indent(_HOOKS, margin)


def noxfile(arguments: tuple[str, ...]) -> str:
    """Give a noxfile with the session `migrations`, and the header for nox's own environment (PEP 723).

    Args:
        arguments: pip's arguments for what the project needs.
    """
    return _NOXFILE.format(version=__version__, arguments=", ".join(f'"{word}"' for word in arguments))


def workflow(arguments: tuple[str, ...], branch: str) -> str:
    """Give a workflow of GitHub Actions that runs the gate.

    Args:
        arguments: pip's arguments for what the project needs.
        branch: the base branch.
    """
    words = " ".join([*arguments, f"headgate=={__version__}"])
    return _WORKFLOW.format(words=words, checkout=_CHECKOUT, branch=branch)
