"""docs/histories.md, made of what `results/` holds."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
RESULTS = HERE / "results"
PAGE = HERE.parents[1] / "docs" / "histories.md"

_LISTED = {
    "downgrade-not-inverse": "not restored",
    "downgrade-fails": "downgrade fails",
    "upgrade-again-fails": "not upgraded again",
    "upgrade-not-repeatable": "another schema the second time",
}
_COMPARED = {"downgrade-not-inverse": "not_restored", "downgrade-fails": "fails", "upgrade-again-fails": "again"}
_HEAD = (
    "| project | revisions | seconds | ratio | not restored | of these, empty | column order alone | downgrade fails"
    " | not again | fails alone | on rows | drifts |"
)


def keep(name: str, found: dict[str, Any]) -> None:
    """Keep what was found of one project."""
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def kept() -> dict[str, dict[str, Any]]:
    """Give what was found of every project."""
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(RESULTS.glob("*.json"))}


def row(name: str, found: dict[str, Any]) -> str:
    """Give the line of one project."""
    proved = found["prove"]
    start = f"| {name} {found['version']} | {_reached(found)} |"
    if reason := proved.get("error") or " ".join(proved["stopped"]):
        return f"{start} | | | | | | | | | {_cell(reason)} |"
    told = {rule: proved["told"].get(rule, {}) for rule in _LISTED}
    seconds = found["plain"].get("seconds")
    ratio = f"{proved['seconds'] / seconds:.0f}" if seconds else "does not run"
    bad = told["downgrade-not-inverse"]
    numbers = [
        len(bad),
        len([id_ for id_ in bad if id_ in proved["empty"]]),
        len(proved["order"]),
        _failing(told["downgrade-fails"]),
        len(told["upgrade-again-fails"]),
        len(proved["alone"]),
        len(proved["on_rows"]),
    ]
    counts = " | ".join(map(str, numbers))
    drift = proved["drift"]
    said = str(len(drift["differences"])) if "difference" in drift["said"] else _cell(drift["said"])
    return f"{start} {proved['seconds']:.0f} | {ratio} | {counts} | {said} |"


def _failing(told: dict[str, str]) -> str:
    refused = sum(why.startswith("Python, NotImplementedError") for why in told.values())
    return f"{len(told)} ({refused} refuse)" if refused else str(len(told))


def _reached(found: dict[str, Any]) -> str:
    number, reached = found["revisions"], found["prove"].get("reached", found["revisions"])
    return str(number or "") if reached == number else f"{reached} of {number}"


def text() -> str:
    """Give the page."""
    all_of_them = kept()
    rows = [row(name, found) for name, found in all_of_them.items()]
    run = {name: found for name, found in all_of_them.items() if "told" in found["prove"]}
    run = {name: found for name, found in run.items() if not found["prove"]["stopped"]}
    total = sum(found["prove"]["reached"] for found in run.values())
    some = next(iter(run.values()))
    return f"""# Real histories

Written by `nox -s histories`. Histories that other projects ship, judged as they are, on {some["prove"]["server"]},
with {some["rows"]} rows a table: {len(run)} that run, {total:,} revisions between them. Each revision goes up, down and
up again in Alembic runs of its own, traced and compared. Seconds are of that on a shared machine of 2 cores; the ratio
is to a plain `alembic upgrade heads` in a process that has imported the application.

- *not restored*: the downgrade leaves another schema; *empty* of these have a `downgrade()` without a statement.
- *column order alone*: only the order of columns differs, which PostgreSQL cannot change: no finding.
- *downgrade fails*, *not again*: the downgrade fails; the second upgrade does, after the downgrade. *Refuse*: it raises
  NotImplementedError, on purpose.
- *fails alone*: the upgrade fails in a run of its own, whatever the tables hold. *on rows*: it passes on empty tables.
- *drifts*: differences between the schema that the revisions build and the one that the models build.

{_HEAD}
|{"---|" * (_HEAD.count("|") - 1)}
{_joined(rows)}

## Held against other measurements

`pg_dump -s` was compared before and after up, down, up of each revision, on empty tables and without headgate: first
number. The second is headgate's on empty tables, the third with rows.

| project | not restored | downgrade fails | not upgraded again |
|---|---|---|---|
{_joined(_measured(name, found) for name, found in run.items() if "measured" in found)}

{_joined(line for name, found in run.items() if "measured" in found for line in _differences(name, found))}

## The revisions

{_joined(line for name, found in run.items() for line in _revisions(name, found))}

## Findings by rule

{_joined(line for name, found in run.items() for line in _rules(name, found))}

{(HERE / "by_hand.md").read_text(encoding="utf-8")}"""


def _joined(lines: Iterable[str]) -> str:
    return "\n".join(lines)


def _measured(name: str, found: dict[str, Any]) -> str:
    cells = []
    for rule, key in _COMPARED.items():
        counts = (len(told.get(rule, {})) for told in (found["empty"], found["prove"]["told"]))
        cells.append(" / ".join(map(str, (found["measured"][key], *counts))))
    return f"| {name} | {' | '.join(cells)} |"


def _differences(name: str, found: dict[str, Any]) -> Iterator[str]:
    """What rows change, by revision."""
    rows, empty = found["prove"]["told"], found["empty"]
    for rule in _COMPARED:
        with_rows, without = rows.get(rule, {}), empty.get(rule, {})
        for id_ in sorted(without.keys() - with_rows.keys()):
            why = found["prove"]["on_rows"].get(id_) or rows.get("downgrade-fails", {}).get(id_)
            yield f"- {name} {id_}, {_LISTED[rule]} on empty tables alone{_because(why)}"
        for id_ in sorted(with_rows.keys() - without.keys()):
            yield f"- {name} {id_}, {_LISTED[rule]} with rows alone{_because(with_rows[id_])}"


def _because(why: str | None) -> str:
    return f": with rows, {_cell(why)}" if why else ""


def write() -> None:
    """Write the page."""
    PAGE.write_text(text(), encoding="utf-8")


def _revisions(name: str, found: dict[str, Any]) -> list[str]:
    proved = found["prove"]
    lines = []
    for rule, said in _LISTED.items():
        ids = sorted(proved["told"].get(rule, {}))
        if rule == "downgrade-not-inverse":
            empty = [id_ for id_ in ids if id_ in proved["empty"]]
            lines.append((said + ", empty", empty))
            ids = [id_ for id_ in ids if id_ not in empty]
        lines.append((said, ids))
    lines += [("column order alone", proved["order"]), ("fails alone", sorted(proved["alone"]))]
    lines.append(("fails on rows", sorted(proved["on_rows"])))
    return [f"- {name}, {said}: {', '.join(ids)}" for said, ids in lines if ids]


def _rules(name: str, found: dict[str, Any]) -> list[str]:
    review, proved = found.get("review", {}), found["prove"]
    took = f" in {review['seconds']:.0f} s" if "seconds" in review else ""
    lines = [f"- {name}, newest {found['newest']}{took}: {_counted(review.get('rules'), review.get('error'))}"]
    if proved.get("rules"):
        lines.append(f"- {name}, all: {_counted(proved['rules'])}")
    return lines


def _counted(rules: dict[str, int] | None, otherwise: str | None = None) -> str:
    ordered = sorted((rules or {}).items(), key=lambda pair: (-pair[1], pair[0]))
    return ", ".join(f"{rule} {number}" for rule, number in ordered) or otherwise or "nothing"


def _cell(reason: str) -> str:
    return " ".join(reason.split()).replace("|", "/")
