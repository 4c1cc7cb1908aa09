"""`backend.*`: the service whose schema the migrations build."""

from __future__ import annotations

from contextlib import suppress

from invoke.collection import Collection
from invoke.context import Context

from headgate import service
from headgate.errors import Exit, HeadgateError
from headgate.tasks.front import end, progress, project, settings, task, whole_number

__all__ = ["collection"]


@task(name="test", help={"args": "more arguments for pytest, as one word"})
def suite(context: Context, args: str = "") -> None:
    """Run the service's own tests."""
    import shlex

    try:
        words = shlex.split(args)
    except ValueError as error:
        raise HeadgateError(f"--args {args} cannot be split into words: {error}.", "Close the quote.") from error
    code, _ = service.run(settings(), [*service.suite_command(), *words])
    if code:
        # https://docs.pytest.org/en/stable/reference/exit-codes.html: 1 is a failed test, anything above no verdict.
        end(Exit.FINDINGS if code == 1 else Exit.CANNOT_JUDGE)


@task(help={"port": "the TCP port to listen on", "reload": "restart when a file changes"})
def serve(context: Context, port: str = "8000", reload: bool = True) -> None:
    """Serve the service on this machine."""
    number = whole_number("--port", port)
    config = settings()
    service.folder(config)
    command = service.serve_command(config, number, reload=reload)
    with suppress(KeyboardInterrupt):  # It is how one ends a server.
        code, _ = service.run(config, command)
        if code:
            end(Exit.CANNOT_JUDGE)


@task()
def smoke(context: Context) -> None:
    """Start the service and exercise its GraphQL."""
    from headgate.rehearsal.drift import built

    found = project()
    with progress() as tell, built(found, tell) as databases:
        tell("starting the service")
        head = found.heads[0] if len(found.heads) == 1 else None
        shown = service.smoke(found.config, databases.url, head)
    for line in shown:
        print(line)


def collection() -> Collection:
    """Give the namespace."""
    return Collection("backend", suite, serve, smoke)
