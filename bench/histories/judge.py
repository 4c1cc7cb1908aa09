"""Run headgate on the histories that other projects ship, and write what it said to docs/histories.md.

`nox -s histories` runs it; `nox -s histories -- mlflow dstack` runs some. Packages come from the package index into a
temporary folder. A project's files lie there as in a checkout, unchanged, beside the settings that stand here.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
ROWS = 20
LIMIT = int(os.environ.get("HISTORIES_SECONDS", "1800"))
NEWEST = 10

# What `alembic upgrade head` does, on a server of headgate's and with what env.py needs around it.
PLAIN = """
import json, sys, time
from pathlib import Path
from alembic import command
from headgate import config, project
from headgate.postgres.scratch import database
from headgate.postgres.server import scratch_server
from headgate.rehearsal.prepared import prepared
from headgate.rehearsal.scripts import open_script
found = project.find(config.load(Path.cwd()))
around = prepared(found)
settings = found.config
asked = {"major": settings.postgres, "cache": settings.cache, "extensions": found.extensions}
with scratch_server(**asked) as server, database(server) as scratch:
    url = scratch.url()
    around.hand_over(url)
    around.begin(url)
    alembic, _ = open_script(found.ini, settings.section, around.url(url), around)
    alembic.attributes.update(around.attributes_for(url))
    started = time.monotonic()
    around.call(lambda: command.upgrade(alembic, "heads"))
    ids = list(found.revisions)
    print(json.dumps({"plain": time.monotonic() - started, "ids": ids}))
"""


def main(arguments: list[str]) -> int:
    """Judge the named projects, all by default, in a folder; then write the page."""
    folder, names = Path(arguments[0]).resolve(), arguments[1:] or sorted(path.stem for path in HERE.glob("*.toml"))
    for name in names:
        found = judge(name, folder / name)
        (folder / f"{name}.json").write_text(json.dumps(found, indent=1))
        print(name, {key: value for key, value in found.items() if key not in {"ids", "rollback", "review"}})
    write([json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))])
    return 0


def judge(name: str, folder: Path) -> dict[str, Any]:
    """Set one project up and run headgate on it."""
    told = tomllib.loads((HERE / f"{name}.toml").read_text(encoding="utf-8"))
    python, checkout = folder / "venv" / "bin" / "python", folder / "root"
    if not python.is_file():
        _set_up(told, folder, python, checkout)
    for path in HERE.glob(f"{name.replace('-', '_')}_prepare.py"):
        shutil.copy(path, checkout)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPATH"] = os.pathsep.join([str(checkout), str(ROOT / "src")])
    found: dict[str, Any] = {"name": name, "version": _version(python, told["checkout"][0], environment)}

    def run(settings: dict[str, Any], *words: str) -> dict[str, Any]:
        (checkout / "headgate.toml").write_text(_toml({**told["headgate"], **settings}), encoding="utf-8")
        command, started = [str(python), "-P", *words], time.monotonic()
        try:
            done = subprocess.run(
                command, cwd=checkout, env=environment, capture_output=True, text=True, timeout=LIMIT, check=False
            )
        except subprocess.TimeoutExpired:
            return {"error": f"not at an end after {LIMIT} s"}
        lines = done.stdout.strip().splitlines()
        text = done.stdout[done.stdout.index("{") :] if "{" in done.stdout else ""
        try:
            value: dict[str, Any] = json.loads(text if words[0] == "-m" else lines[-1])
        except (ValueError, IndexError):
            said = (done.stderr.strip() or done.stdout.strip()).splitlines()
            return {"error": next((line for line in said if line.startswith("error")), said[-1] if said else "silence")}
        return {**value, "wall": time.monotonic() - started}

    everything = {"judge": "all", "rows": ROWS}
    plain = run(everything, "-c", PLAIN)
    found["plain"] = plain.get("plain", plain.get("error"))
    ids = plain.get("ids", [])
    found["rollback"] = run(everything, "-m", "headgate", "migrate.rollback", "--json")
    if len(ids) > NEWEST:
        found["review"] = run(
            {**everything, "baseline": ids[-NEWEST - 1]}, "-m", "headgate", "migrate.review", "--json"
        )
    return found


def _set_up(told: dict[str, Any], folder: Path, python: Path, checkout: Path) -> None:
    uv = shutil.which("uv") or "uv"
    folder.mkdir(parents=True, exist_ok=True)
    overrides = folder / "overrides.txt"
    overrides.write_text("\n".join(told.get("overrides", [])))
    version = told.get("python", "3.12")
    subprocess.run([uv, "venv", "-q", "--python", version, str(folder / "venv")], check=True)
    install = [uv, "pip", "install", "-q", "--compile-bytecode", "--python", str(python)]
    subprocess.run([*install, "--override", str(overrides), *told["requirements"], str(ROOT)], check=True)
    subprocess.run([uv, "pip", "uninstall", "-q", "--python", str(python), "headgate"], check=True)
    pinned = [f"{package}=={_version(python, package, dict(os.environ))}" for package in told["checkout"]]
    subprocess.run([*install, "--no-deps", "--target", str(checkout), *pinned], check=True)


def _version(python: Path, package: str, environment: dict[str, str]) -> str:
    ask = f"import importlib.metadata as m; print(m.version({package!r}))"
    return subprocess.run(
        [str(python), "-c", ask], env=environment, capture_output=True, text=True, check=True
    ).stdout.strip()


def _toml(table: dict[str, Any], prefix: str = "") -> str:
    lines = [f"{key} = {json.dumps(value)}" for key, value in table.items() if not isinstance(value, dict)]
    for key, value in table.items():
        if isinstance(value, dict):
            lines += [f"[{prefix}{key}]", _toml(value, f"{prefix}{key}.")]
    return "\n".join(lines) + "\n"


def _not_run(rolled: dict[str, Any]) -> str | None:
    """Why nothing can be said of a history."""
    if "error" in rolled:
        return str(rolled["error"])
    seen = [one["seen"][0] for one in rolled["findings"] if one["rule"] == "upgrade-fails" and not one["revision"]]
    return f"does not run: {seen[0].partition('. ')[0]}" if seen else None


def write(found: list[dict[str, Any]]) -> None:
    """Write the table and the revisions that it counts."""
    rows, lists, rules = [], [], []
    for one in found:
        rolled = one["rollback"]
        if reason := _not_run(rolled):
            rows.append(f"| {one['name']} {one['version']} | {rolled.get('history', '')} | | | | | | {reason} |")
            continue
        by_rule = {
            rule: sorted({f["revision"] for f in rolled["findings"] if f["rule"] == rule and f["revision"]})
            for rule in ("downgrade-not-inverse", "downgrade-fails", "upgrade-again-fails", "upgrade-fails")
        }
        plain = one["plain"]
        ratio = f"{rolled['seconds'] / plain:.0f}" if isinstance(plain, float) else "does not run"
        counts = " | ".join(str(len(ids)) for ids in by_rule.values())
        rows.append(
            f"| {one['name']} {one['version']} | {rolled['history']} | {rolled['seconds']:.0f} | {ratio} | {counts} |"
        )
        lists += [f"- {one['name']}, {rule}: {', '.join(ids)}" for rule, ids in by_rule.items() if ids]
        review = one.get("review")
        if review is None:
            continue
        counted = Counter(f["rule"] for f in review.get("findings", []))
        said = ", ".join(f"{rule} {number}" for rule, number in counted.most_common())
        rules.append(f"- {one['name']}: {said or review.get('error', 'nothing')}")
    by_hand = (HERE / "by_hand.md").read_text(encoding="utf-8")
    page = f"""# Real histories

Written by `nox -s histories`. Histories that other projects ship, judged as they are, on PostgreSQL 18.4, with
{ROWS} rows a table. Each revision goes up, down and up again on its own, traced and compared; the ratio is to a plain
`alembic upgrade heads` in a process that has imported the application.

| project | revisions | seconds | ratio | schema not restored | downgrade fails | not again | upgrade fails |
|---|---|---|---|---|---|---|---|
{chr(10).join(rows)}

## The revisions

{chr(10).join(lists)}

## Findings of the newest {NEWEST} revisions, by rule

{chr(10).join(rules)}

{by_hand}"""
    (ROOT / "docs" / "histories.md").write_text(page, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
