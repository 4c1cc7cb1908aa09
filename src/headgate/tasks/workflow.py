"""The tasks of the workflow's ends: `setup` and `doctor` before it, `gate`, `checklist` and `ship` after it."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Callable

from invoke.context import Context
from invoke.exceptions import Exit as Ended

from headgate import service
from headgate.config import Config
from headgate.errors import Exit, HeadgateError
from headgate.tasks import migrate
from headgate.tasks.front import end, finish, print_json, progress, project, settings, task
from headgate.tasks.review import review

__all__ = ["checklist", "doctor", "gate", "setup", "ship"]

_JSON = "print one JSON document"


@task()
def setup(context: Context) -> None:
    """Make .env, start the server, install git hooks."""
    from headgate import machine
    from headgate.postgres import development
    from headgate.redaction import display_url

    config = settings()
    written = machine.write_env(config)
    print(f".env: {f'written from {written.name}.example' if written else 'kept as it is'}")
    if config.database_url:
        print(f"database: {display_url(config.database_url)}, from ${config.url_variable}")
    else:
        server = development.start(config.root, major=config.postgres, state=config.state)
        print(f"database: PostgreSQL {server.server.version} of this project is running")
    print(machine.install_hooks(config))
    print("next  inv migrate.up")


@task(help={"json": _JSON})
def doctor(context: Context, json: bool = False) -> None:
    """Say what this machine lacks and how to get it."""
    from headgate import machine

    facts = list(machine.examine(settings()))
    if json:
        print_json([vars(fact) for fact in facts])
    else:
        width = max(len(fact.name) for fact in facts)
        for fact in facts:
            print(f"{'ok' if fact.present else 'missing':<8}{fact.name:<{width}}  {fact.found}")
            if not fact.present:
                print(f"{'':<8}{'':<{width}}  {fact.fix}")
    if not all(fact.present for fact in facts):
        end(Exit.FINDINGS)


@task(
    help={
        "postgres": "the PostgreSQL major that judges",
        "json": _JSON,
        "advice": "tell every advice",
        "sarif": "write a SARIF file as well",
    }
)
def gate(
    context: Context,
    postgres: str | None = None,
    json: bool = False,
    advice: bool = False,
    sarif: str | None = None,
) -> None:
    """Run every check; what CI runs."""
    from headgate import gate as whole

    found = project(postgres)
    with progress() as tell:
        report = whole.run(found, tell=tell)
    finish(report, found.config.root, as_json=json, advice=advice, sarif=sarif)


@task(help={"json": _JSON})
def checklist(context: Context, json: bool = False) -> None:
    """Answer the pull request's seven items."""
    from headgate import checklist as answers
    from headgate import gate as whole

    found = project()
    with progress() as tell:
        report = whole.run(found, tell=tell)
        tell("running the service's tests")
        items = answers.items(report, _suite(found.config), found.config)
    if json:
        print_json([vars(item) for item in items])
    else:
        print(answers.markdown(items))
    if not all(item.done for item in items):
        end(Exit.FINDINGS)


@task(help={"message": "what the revision does, a short phrase", "intent": "why it is made, for the header"})
def ship(context: Context, message: str | None = None, intent: str | None = None) -> None:
    """Take a model change through all of it."""
    from headgate.tasks import backend

    if message is None:
        raise HeadgateError("ship needs a message for the revision.", 'Give one: inv ship -m "add note to entries"')
    words = ["migrate.new", "-m", message, *(["--intent", intent] if intent else [])]
    steps: tuple[tuple[str, Callable[[], object]], ...] = (
        ("setup", lambda: setup(context)),
        (shlex.join(words), lambda: migrate.new(context, message=message, intent=intent)),
        ("migrate.up", lambda: migrate.up(context)),
        ("backend.test", lambda: backend.suite(context)),
        ("migrate.review", lambda: review(context)),
        ("checklist", lambda: checklist(context)),
    )
    for number, (name, run) in enumerate(steps, start=1):
        print(f"\n[{number}/{len(steps)}] {name}", flush=True)
        try:
            run()
        except Ended:
            rest = " && ".join(f"inv {later}" for later, _ in steps[number - 1 :])
            print(f"\nStopped at {name}. When that is mended, go on with: {rest}", flush=True)
            raise


def _suite(config: Config) -> tuple[bool, str]:
    try:
        code, output = service.run(config, service.suite_command(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    except HeadgateError as error:
        return False, error.what
    lines = output.strip().splitlines() or ["no output"]
    return code == 0, f"{config.backend.folder}: {lines[-1].strip('= ')}"
