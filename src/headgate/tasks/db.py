"""`db.*`: the project's own PostgreSQL server, used where `DATABASE_URL` is not set; and production's table sizes."""

from __future__ import annotations

from invoke.collection import Collection
from invoke.context import Context

from headgate.errors import HeadgateError
from headgate.tasks.front import confirm, print_json, settings, task

__all__ = ["collection"]


@task()
def start(context: Context) -> None:
    """Start the project's own server."""
    from headgate.postgres import development

    config = settings()
    server = development.start(config.root, major=config.postgres, state=config.state)
    print(f"PostgreSQL {server.server.version} is running: {server.url()}")


@task()
def stop(context: Context) -> None:
    """Stop the project's own server; data stays."""
    from headgate.postgres import development

    config = settings()
    stopped = development.stop(config.root, state=config.state)
    print("The server is stopped; its data stays." if stopped else "The server was not running.")


@task(help={"yes": "do it without asking"})
def reset(context: Context, yes: bool = False) -> None:
    """Empty the project's own database."""
    from headgate.postgres import development

    config = settings()
    if not yes and not confirm(f"Drop all data of {config.root.name}'s development database?"):
        raise HeadgateError("Nothing was done: a reset drops all data.", "Run it again with --yes: inv db.reset --yes")
    development.reset(config.root, major=config.postgres, state=config.state)
    print("The database is empty.  next  inv migrate.up")


@task()
def url(context: Context) -> None:
    """Print the database's URL, passwords hidden."""
    import headgate
    from headgate.redaction import display_url

    config = settings()
    print(display_url(config.database_url or headgate.development_url(config.root)))


@task(help={"json": "print one JSON document"})
def status(context: Context, json: bool = False) -> None:
    """Show the project's own server."""
    from headgate.postgres import development

    config = settings()
    found = development.status(config.root, state=config.state)
    if json:
        print_json(vars(found))
        return
    state = f"running, pid {found.pid}" if found.running else "not running"
    print(f"PostgreSQL {found.version}, {state}" if found.version else "This project has no server yet: inv db.start")
    print(f"data in {found.data}, {found.size / 1_000_000:.0f} MB")


@task(help={"from_": "the production database's URL; its statistics are read and nothing else"})
def sizes(context: Context, from_: str = "") -> None:
    """Note how large the production tables are."""
    import os
    from datetime import date

    from headgate import sizes as noted
    from headgate.apply.sizes import measure
    from headgate.wording import counted

    config = settings()
    if not from_:
        raise HeadgateError(
            "The sizes of tables are read from a database that has to be named.",
            "Name it: inv db.sizes --from postgresql://user@host/database; a password may stand in PGPASSWORD or"
            " ~/.pgpass.",
        )
    file = noted.path(config)
    before = noted.read(file) if file.exists() else {}
    found = measure(from_)
    noted.write(file, found.sizes, server=found.server, day=date.today(), unknown=found.unknown)
    count = counted(len(found.sizes), "table")
    print(f"wrote {os.path.relpath(file, config.root)}: {count}, PostgreSQL {found.server}")
    changed = list(noted.changes(before, found.sizes))
    for line in changed:
        print(f"  {line}")
    if before and not changed:
        print("  every table is about as large as it was")
    if found.unknown:
        print(f"never analyzed, so left out: {', '.join(found.unknown)}")
    print("next  read it and commit it")


def collection() -> Collection:
    """Give the namespace."""
    return Collection("db", start, stop, reset, url, status, sizes)
