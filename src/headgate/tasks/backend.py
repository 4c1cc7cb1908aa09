"""`backend.*`: the service whose schema the migrations build."""

from __future__ import annotations

import subprocess

from invoke.collection import Collection
from invoke.context import Context

from headgate import service
from headgate.tasks.front import end, progress, project, settings, task

__all__ = ["collection"]


@task(name="test", help={"args": "more arguments for pytest, as one word"})
def suite(context: Context, args: str = "") -> None:
    """Run the service's own tests."""
    import shlex

    done = subprocess.run([*service.suite_command(), *shlex.split(args)], cwd=service.folder(settings()), check=False)
    if done.returncode:
        end(done.returncode)


@task(help={"port": "the TCP port to listen on", "reload": "restart when a file changes"})
def serve(context: Context, port: int = 8000, reload: bool = True) -> None:
    """Serve the service on this machine."""
    config = settings()
    folder = service.folder(config)
    with subprocess.Popen(service.serve_command(config, port, reload=reload), cwd=folder) as process:
        try:
            process.wait()
        except KeyboardInterrupt:
            process.terminate()
            process.wait()


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
