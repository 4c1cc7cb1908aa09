"""`headgate …` and `python -m headgate …`: the project's tasks, with exit codes that mean one thing each."""

from __future__ import annotations

import sys

__all__ = ["main"]


def main() -> None:
    """Run the tasks of the nearest `tasks.py` that has headgate's, or else headgate's own."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        from headgate import __version__

        print(f"headgate {__version__}")
        return
    from headgate.tasks.program import HeadgateProgram

    HeadgateProgram().run()


if __name__ == "__main__":
    main()
