"""`headgate …` and `python -m headgate …`: the project's tasks, with exit codes that mean one thing each."""

from __future__ import annotations

import signal
import sys

__all__ = ["main"]


# The tasks that cannot do without; the others start it when they rehearse.
_REHEARSES = frozenset({"gate", "migrate.review", "migrate.rollback"})
_HELP = frozenset({"--help", "-h", "--list", "-l"})


def main() -> None:
    """Run the tasks of the nearest `tasks.py` that has headgate's, or else headgate's own."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        from headgate import __version__

        print(f"headgate {__version__}")
        return
    # Until a task starts (which sets a handler) nothing needs to be put away, so Ctrl-C may end the process as the
    # system does it: no traceback from the middle of an import.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `headgate --list | head`, likewise
    if _rehearses(sys.argv[1:]):
        from headgate.rehearsal import forkserver

        forkserver.start()  # now, while there is next to nothing in this process
    from headgate.tasks.program import HeadgateProgram

    HeadgateProgram().run()


def _rehearses(words: list[str]) -> bool:
    return not _REHEARSES.isdisjoint(words) and _HELP.isdisjoint(words)


if __name__ == "__main__":
    main()
