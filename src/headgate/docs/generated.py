"""Generated pages: the reference of the tasks and the pages of the rules say what the code says.

A page is generated where its author asks for it: one with `<!-- headgate: tasks -->` holds the reference of the tasks,
one with `<!-- headgate: rules -->` the list of the rules, with a page for each rule in the same folder, and one with
`<!-- headgate: report -->` the fields of the report, with its JSON Schema in the same folder.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from textwrap import dedent

import headgate
from headgate import rules
from headgate.docs import links
from headgate.docs.markdown import table
from headgate.project import Project
from headgate.report import schema
from headgate.report.model import Finding, Severity
from headgate.rules.rule import Rule

__all__ = ["RULE", "SCHEMA", "judge", "pages"]

RULE = "docs-generated-stale"
SCHEMA = "report-schema.json"


def judge(project: Project) -> tuple[str, tuple[Finding, ...]]:
    """Compare each generated page with what it would be now.

    Args:
        project: the project whose pages are read.

    Returns:
        What was shown in a few words, empty when no page asks to be generated, and a finding for each stale page.

    Raises:
        HeadgateError: a page cannot be read.
    """
    wanted = pages(project)
    stale = [path for path, text in wanted.items() if _held(path) != text]
    findings = tuple(
        Finding(
            rule=RULE,
            severity=Severity.ERROR,
            message=f"{project.shown(path)} is stale: " + (_difference(_held(path), wanted[path])),
            path=project.shown(path),
            line=1,
            fix=("write the page anew: inv docs.sync",),
        )
        for path in stale
    )
    return f"{len(wanted) - len(stale)} of {len(wanted)} generated pages current" if wanted else "", findings


def pages(project: Project) -> Mapping[Path, str]:
    """Give each generated page as it should be, by path.

    Args:
        project: the project whose pages are read.

    Raises:
        HeadgateError: a page cannot be read.
    """
    wanted: dict[Path, str] = {}
    found = {page.path: page for page in links.pages(project)}
    for page in found.values():
        if page.section("tasks") is not None:
            wanted[page.path] = page.with_section("tasks", _tasks())
        if page.section("rules") is not None:
            wanted[page.path] = page.with_section("rules", _list_of_rules())
            for rule in rules.load():
                path = page.path.parent / f"{rule.name}.md"
                # What was printed is not made here: it takes a server. The tests of the examples keep it true.
                held = found[path].section("printed") if path in found else None
                wanted[path] = page_of(rule, held or "")
        if page.section("report") is not None:
            wanted[page.path] = page.with_section("report", _fields_of_the_report())
            wanted[page.path.parent / SCHEMA] = schema.text()
    return wanted


def _held(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def _difference(held: str, wanted: str) -> str:
    """Give the first line that differs, which is enough to know which change it was."""
    if not held:
        return "it is not there"
    missing = next((line for line in wanted.splitlines() if line not in held.splitlines()), None)
    too_many = next((line for line in held.splitlines() if line not in wanted.splitlines()), None)
    if missing is not None:
        return f"it does not say {missing.strip()!r}"
    return f"it still says {too_many.strip()!r}" if too_many else "its lines are in another order"


def _tasks() -> str:
    """The reference of the tasks, from the help that `inv --help <task>` prints."""
    return "\n\n".join(_of_tasks())


def _of_tasks() -> Iterator[str]:
    collection = headgate.collection()
    for context in sorted(collection.to_contexts(), key=lambda context: context.name or ""):
        task = collection[context.name]
        also = f" Also: {', '.join(f'`{alias}`' for alias in sorted(context.aliases))}." if context.aliases else ""
        first, _, rest = (task.__doc__ or "").strip().partition("\n")
        parts = [f"## {context.name}", f"{first}{also}"]
        if rest.strip():
            parts.append("\n".join(line.strip() for line in rest.strip().splitlines()))
        options = [(f"`{flags}`", text or "") for flags, text in context.help_tuples()]
        if options:
            parts.append(table(("Option", ""), *options))
        yield "\n\n".join(parts)


def _list_of_rules() -> str:
    rows = [
        (f"[{rule.name}]({rule.name}.md)", "off" if rule.off else rule.severity, rule.family, rule.condition)
        for rule in rules.load()
    ]
    return table(("Rule", "Severity", "Family", "Fires when"), *rows)


def _fields_of_the_report() -> str:
    parts = [
        f"### {name}\n\n" + table(("Field", "Type", "Meaning"), *((f"`{field}`", *rest) for field, *rest in of))
        for name, of in schema.described()
    ]
    return "\n\n".join(parts)


def page_of(rule: Rule, printed: str = "") -> str:
    """Give the page of one rule, from its own data.

    Args:
        rule: the rule.
        printed: what headgate printed about its bad example, as `tests/rules` wrote it down; empty to leave it out.
    """
    weight = f"{rule.severity}, off until `[tool.headgate.severities]` gives it one" if rule.off else rule.severity
    facts = table(
        ("", ""),
        ("Severity", weight),
        ("Family", rule.family),
        ("Decided by", "running the revision" if rule.reads == "run" else "reading the file"),
        ("Fires when", rule.condition),
        ("What goes wrong", rule.effect),
        ("Instead", rule.workaround),
        ("Source", f"<{rule.source}>"),
    )
    name = f"The file is named `{rule.bad_name}`.\n\n" if rule.bad_name else ""
    start = f"Both examples start from:\n\n```sql\n{dedent(rule.before).strip()}\n```\n\n" if rule.before else ""
    shown = f"What headgate prints:\n\n<!-- headgate: printed -->\n\n{printed}\n\n<!-- headgate: end -->\n\n"
    return f"""# {rule.name}

{rule.page.strip()}

{facts}

{start}## Fires

{name}```python
{rule.bad.strip()}
```

{shown if printed else ""}## Silent

```python
{rule.good.strip()}
```

To go on all the same, with a reason: `# headgate: allow {rule.name} because <reason>`.

This page is written by `inv docs.sync` from the rule's own file, `src/headgate/rules/{rule.name.replace("-", "_")}.py`.
"""
