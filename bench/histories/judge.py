"""Run headgate on the histories that other projects ship, and write what it said to docs/histories.md.

`nox -s histories` runs it; `nox -s histories -- mlflow dstack` runs some, and `-- page` writes the page alone.
Packages come from the package index into a temporary folder. A project's files lie there as in a checkout, unchanged,
beside the settings that stand here. What was found is kept in `results/`, so that one project can be run again alone.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import page
import places

ROWS = 20
LIMIT = int(os.environ.get("HISTORIES_SECONDS", "1800"))
NEWEST = 10


def main(arguments: list[str]) -> int:
    """Judge the named projects, all by default, in a folder; then write the page."""
    folder, names = Path(arguments[0]).resolve(), arguments[1:] or places.names()
    for name in names:
        if name == "page":
            continue
        if name not in places.names():
            sys.exit(f"{name} is no project of bench/histories: there are {', '.join(places.names())}.")
        found = judge(places.place(name, folder))
        page.keep(name, found)
        print(page.row(name, found), flush=True)
    page.write()
    return 0


def judge(place: places.Place) -> dict[str, Any]:
    """Set one project up and run headgate on it."""
    place.set_up()
    found: dict[str, Any] = {"version": place.version, "rows": ROWS, "newest": NEWEST}
    driver = str(places.HERE / "driver.py")
    place.settle(judge="all", rows=ROWS)
    plain, proved = _run(place, "plain", driver, "plain"), _run(place, "prove", driver, "prove")
    ids, heads = proved.pop("ids", []), proved.pop("heads", [])
    for part in ("findings", "wall"):
        proved.pop(part, None)
    found["revisions"], found["heads"], found["prove"] = len(ids), len(heads), proved
    found["plain"] = {key: plain[key] for key in ("seconds", "error") if key in plain}
    if ids:
        # The ids stand parents first.
        place.settle(judge="all", rows=ROWS, baseline=ids[-NEWEST - 1])
        found["review"] = _reviewed(_run(place, "review", "-m", "headgate", "migrate.review", "--json"))
    if measured := place.told.get("measured"):
        place.settle(judge="all", rows=ROWS)
        found["measured"] = measured
        found["empty"] = _run(place, "empty", driver, "empty").get("told", {})
    return found


def _run(place: places.Place, name: str, *words: str) -> dict[str, Any]:
    """Run a program of the project's interpreter and give the JSON document that it prints, or why it gave none."""
    command, started = [str(place.python), "-P", *words], time.monotonic()
    said = place.folder / f"{name}.err"
    try:
        with said.open("w") as errors:
            done = subprocess.run(
                command,
                cwd=place.checkout,
                env=place.environment,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                timeout=LIMIT,
                check=False,
            )
    except subprocess.TimeoutExpired:
        return {"error": f"not at an end after {LIMIT} s"}
    (place.folder / f"{name}.out").write_text(done.stdout)
    text = done.stdout[done.stdout.index("{") :] if words[0] == "-m" and "{" in done.stdout else ""
    try:
        value: dict[str, Any] = json.loads(text or done.stdout.strip().splitlines()[-1])
    except (ValueError, IndexError):
        lines = (said.read_text().strip() or done.stdout.strip()).splitlines()
        last = lines[-1] if lines else "silence"
        return {"error": next((line for line in lines if line.startswith("error")), last), "exit": done.returncode}
    return {**value, "wall": time.monotonic() - started}


def _reviewed(report: dict[str, Any]) -> dict[str, Any]:
    if "error" in report:
        return {"error": report["error"]}
    rules = Counter(finding["rule"] for finding in report["findings"])
    return {"seconds": report["wall"], "rules": dict(rules.most_common())}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
