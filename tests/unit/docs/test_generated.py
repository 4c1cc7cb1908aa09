"""Generated pages."""

from __future__ import annotations

import json

from headgate import rules
from headgate.docs import generated, sync
from headgate.report import schema

PAGES = {
    "docs/rules/README.md": "# Rules\n\n<!-- headgate: rules -->\n\n<!-- headgate: end -->\n",
    "docs/guide.md": "# Guide\n\n```\n<!-- headgate: tasks -->\n```\n",
}


def test_nothing_is_generated_that_no_page_asks_for(make):
    """An adopter's documents are theirs; a page that shows the comment as code asks for nothing."""
    assert generated.judge(make(files={"docs/guide.md": PAGES["docs/guide.md"]})) == ("", ())


def test_every_rule_gets_a_page_with_both_of_its_examples(make):
    """A rule that cannot be looked up is a rule that is switched off."""
    project = make(files=PAGES)
    assert {finding.rule for finding in generated.judge(project)[1]} == {"docs-generated-stale"}
    sync.sync(project)
    count = len(rules.load()) + 1
    assert generated.judge(project) == (f"{count} of {count} generated pages current", ())
    for rule in rules.load():
        text = (project.config.root / f"docs/rules/{rule.name}.md").read_text()
        assert rule.bad.strip() in text
        assert rule.good.strip() in text
        assert rule.source in text


def test_a_page_that_was_edited_is_found_with_the_line_that_it_lacks(make):
    """The rule's own file is the only place to edit, and the finding must show what was lost."""
    project = make(files=PAGES)
    sync.sync(project)
    rule = rules.load()[0]
    path = project.config.root / f"docs/rules/{rule.name}.md"
    path.write_text(path.read_text().replace(f"# {rule.name}\n", "# Something else\n", 1))
    (finding,) = generated.judge(project)[1]
    assert finding.message == f"docs/rules/{rule.name}.md is stale: it does not say '# {rule.name}'"


def test_the_report_gets_its_fields_and_its_schema(make):
    """Whoever reads the JSON in a script looks here; a schema that nobody writes anew is soon another one's."""
    project = make(files={"docs/report.md": "# Report\n\n<!-- headgate: report -->\n\n<!-- headgate: end -->\n"})
    sync.sync(project)

    held = json.loads((project.config.root / "docs/report-schema.json").read_text(encoding="utf-8"))
    assert held == schema.document()
    page = (project.config.root / "docs/report.md").read_text(encoding="utf-8")
    assert "| `findings` | list of Finding | what was found, in the order of the checks |" in page
    assert generated.judge(project)[0] == "2 of 2 generated pages current"
