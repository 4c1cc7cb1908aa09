"""`migrate.*`: from a model change to a merged revision."""

from __future__ import annotations

from dataclasses import asdict

from invoke.collection import Collection
from invoke.context import Context

from headgate.errors import Exit, HeadgateError
from headgate.tasks.front import confirm, end, finish, print_json, progress, project, task, whole_number
from headgate.tasks.review import review, sql
from headgate.wording import counted

__all__ = ["collection"]

_JSON = "print one JSON document"


@task(help={"json": _JSON}, default=True)
def status(context: Context, json: bool = False) -> None:
    """Show where models, files and database stand."""
    from headgate.apply.target import find
    from headgate.redaction import display_url
    from headgate.rehearsal.drift import built

    found = project()
    target = find(found)
    waiting = target.waiting(found)
    try:
        new: tuple[str, ...] | None = found.new
    except HeadgateError:
        new = None
    changes: int | None = None
    try:
        with progress() as tell, built(found, tell) as databases:
            changes = len(databases.differences)
        models = (
            f"{counted(changes, 'change')} to write: inv migrate.plan" if changes else "as the revisions build them"
        )
    except HeadgateError as error:
        models = error.what
    facts = {
        "project": found.shown(found.ini),
        "revisions": len(found.revisions),
        "heads": list(found.heads),
        "new": None if new is None else list(new),
        "changes": changes,
        "database": display_url(target.url),
        "at": list(target.heads),
        "waiting": list(waiting),
    }
    if json:
        print_json(facts)
        return
    heads = ", ".join(found.heads) or "none"
    print(f"project    {facts['project']}, {counted(len(found.revisions), 'revision')}, head {heads}")
    print(f"new        {'no git, so not known' if new is None else _span(new) or 'none since the base branch'}")
    print(f"models     {models}")
    print(f"database   {facts['database']}")
    print(f"           at {', '.join(target.heads) or 'nothing'}; {len(waiting)} to apply")
    if waiting:
        print(f"next       inv migrate.up applies {_span(waiting)}")


@task(help={"json": _JSON})
def plan(context: Context, json: bool = False) -> None:
    """Show what the models would change, and its cost."""
    from headgate.rehearsal.drift import built
    from headgate.revisions.risk import risk

    with progress() as tell, built(project(), tell) as databases:
        differences = databases.differences
    rows = [(difference.summary, risk([difference])) for difference in differences]
    if json:
        print_json([{"change": change, "effect": effect} for change, effect in rows])
        return
    for change, effect in rows:
        print(f"{change}\n    {effect or 'catalog change only'}")
    if rows:
        print(f'{counted(len(rows), "change")} to write.\nnext  inv migrate.new -m "…"')
    else:
        print("The models have nothing that the migrations do not build.")


@task(
    help={
        "message": "what the revision does, a short phrase",
        "empty": "write it by hand: no operations from the models",
        "intent": "why it is made, for the header",
        "json": _JSON,
    },
    aliases=("revision",),
)
def new(
    context: Context,
    message: str | None = None,
    empty: bool = False,
    intent: str | None = None,
    json: bool = False,
) -> None:
    """Write one revision file with a filled header."""
    from headgate.apply.target import find
    from headgate.rehearsal.drift import built
    from headgate.revisions import naming
    from headgate.revisions.new import write

    if message is None:
        raise HeadgateError("A revision needs a message.", 'Give one: inv migrate.new -m "add note to entries"')
    naming.slug(message)
    found = project()
    target = find(found)
    target.applied(found)
    with progress() as tell, built(found, tell) as databases:
        path = write(
            found.ini,
            message,
            empty=empty,
            url=databases.url,
            intent=intent,
            differences=() if empty else databases.differences,
            current=target.heads,
            section=found.config.section,
            variable=found.config.url_variable,
        )
    if json:
        print_json({"path": found.shown(path)})
        return
    print(f"wrote {found.shown(path)}")
    print(f"next  read it,{'' if intent else ' say why in Intent,'} then: inv migrate.review")


@task(aliases=("upgrade",))
def up(context: Context) -> None:
    """Upgrade the database; show what each changed."""
    from headgate.apply.upgrade import Applied, upgrade
    from headgate.redaction import display_url

    found = project()
    count = 0

    def show(applied: Applied) -> None:
        nonlocal count
        count += 1
        _print_applied("upgraded to", applied)

    with progress() as tell:
        target = upgrade(found, show, tell)
    at = ", ".join(found.heads) or "nothing"
    print(f"{display_url(target.url)} is at {at}; {count} applied." if count else f"Nothing to apply: at {at}.")


@task(help={"number": "how many revisions to go back", "yes": "drop the data without asking"})
def down(context: Context, number: str = "1", yes: bool = False) -> None:
    """Go back a step; first show the data it drops."""
    from headgate.apply.downgrade import downgrade, plan

    steps = whole_number("-n", number)
    found = project()
    with progress() as tell:
        planned = plan(found, steps, tell)
    for difference in planned.made:
        print(difference.summary)
    for loss in planned.losses:
        print(f"drops {loss.what}, which holds {counted(loss.rows, 'value' if loss.of_column else 'row')}")
    if planned.losses and not yes and not confirm("Go on and lose it?"):
        raise HeadgateError(
            "Nothing was done: the downgrade drops data.",
            f"Run it again with --yes: inv migrate.down -n {steps} --yes",
        )
    with progress() as tell:
        downgrade(found, planned, lambda undone: _print_applied("took back", undone), tell)


@task(help={"json": _JSON})
def rollback(context: Context, json: bool = False) -> None:
    """Prove that every new revision can be undone."""
    from headgate import gate

    found = project()
    with progress() as tell:
        report = gate.run(found, (gate.upgrade, gate.rollback), tell=tell)
    finish(report, found.config.root, as_json=json)


@task(help={"json": _JSON})
def drift(context: Context, json: bool = False) -> None:
    """Compare what migrations and models build."""
    from headgate.rehearsal.drift import built

    with progress() as tell, built(project(), tell) as databases:
        differences, objects, server = databases.differences, databases.objects, databases.server
    if json:
        rows = [{**asdict(difference), "sentence": difference.sentence()} for difference in differences]
        print_json({"schema_version": 1, "server": f"PostgreSQL {server}", "objects": objects, "differences": rows})
    else:
        for difference in differences:
            print(difference.sentence())
        said = f"{counted(len(differences), 'difference')} in {counted(objects, 'catalog object')}"
        print(f"{said}, PostgreSQL {server}.")
    if differences:
        end(Exit.FINDINGS)


def collection() -> Collection:
    """Give the namespace."""
    return Collection("migrate", status, plan, new, review, sql, up, down, rollback, drift)


def _span(ids: tuple[str, ...]) -> str:
    """Name a few ids; of many, the first and the last."""
    return ", ".join(ids) if len(ids) <= 4 else f"{len(ids)}, {ids[0]} to {ids[-1]}"


def _print_applied(verb: str, applied: object) -> None:
    from headgate.apply.upgrade import Applied

    assert isinstance(applied, Applied)
    print(f"{verb} {applied.revision}  {applied.seconds:.2f} s", flush=True)
    for difference in applied.made:
        print(f"  {difference.summary}")
