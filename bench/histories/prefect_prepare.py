"""Call prefect's env.py where `prefect server database upgrade` does."""

from collections.abc import Callable

import anyio
import anyio.to_thread


def within(function: Callable[[], None]) -> None:
    """Call a function in a worker thread of an event loop."""
    anyio.run(anyio.to_thread.run_sync, function)
