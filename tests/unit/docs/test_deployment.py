"""The deployment page against the revisions."""

from __future__ import annotations

import pytest

from headgate.docs import deployment, sync

SETTINGS = '[tool.headgate.docs]\ndeployment = "docs/DEPLOYMENT.md"\n'
BUILD = "op.create_index('ix_entries_a', 'entries', ['a'], postgresql_concurrently=True)"
ID = "20260101000000"
ROW = (
    f"| `{ID}` change the schema | concurrent build: builds the index ix_entries_a on entries. catalog change only. |"
    " End long transactions first, the build waits for them. A build that was stopped leaves an INVALID index: drop"
    " it, then upgrade again. |"
)


def test_a_revision_that_is_not_named_comes_with_the_row_to_paste(make):
    """The finding is the repair: its last line goes into the page as it is."""
    shown, (finding,) = deployment.judge(make(SETTINGS, (BUILD,)))
    assert shown == "0 of 1 revisions noted in docs/DEPLOYMENT.md"
    assert finding.rule == "docs-deployment-missing"
    assert (
        finding.message == f"{ID} needs an operator's hand (concurrent build), and docs/DEPLOYMENT.md does not say so"
    )
    assert finding.path == f"alembic/versions/{ID}_change_the_schema.py"
    assert finding.seen == ("line 25: builds the index ix_entries_a on entries",)
    assert finding.fix[-1] == ROW


def test_sync_adds_a_row_and_keeps_the_rows_that_are_there(make):
    """What an operator wrote about an older revision is worth more than what we could write."""
    project = make(SETTINGS, (BUILD,))
    sync.sync(project)
    path = project.config.root / "docs/DEPLOYMENT.md"
    own = path.read_text().replace("| End", "| Ask Ann first. End")
    path.write_text(own)
    project = make(SETTINGS, (BUILD, "op.drop_table('entries')"))
    assert sync.sync(project) == (path,)
    assert [line in path.read_text().splitlines() for line in own.splitlines()] == [True] * len(own.splitlines())
    assert deployment.judge(project) == ("2 of 2 revisions noted in docs/DEPLOYMENT.md", ())
    assert sync.sync(project) == ()


@pytest.mark.parametrize(
    ("page", "counts"),
    [
        (f"## {ID}\n\nAsk Ann first.\n", True),
        (f"Before `{ID}` stop the importer.\n", True),
        (f"- {ID}: stop the importer\n", True),
        (f"| Revision | Note |\n|---|---|\n| {ID} | stop the importer |\n", True),
        (f"| Revision | Note |\n|---|---|\n| {ID} | |\n", False),
        (f"`{ID}`\n", False),
        (f"## {ID}\n", False),
        (f"<!-- {ID} is to be noted -->\n", False),
    ],
)
def test_an_id_counts_when_some_words_stand_beside_it(make, page, counts):
    """A bare id tells the operator nothing, and a comment is read by nobody on the day of the deployment."""
    _, findings = deployment.judge(make(SETTINGS, (BUILD,), {"docs/DEPLOYMENT.md": page}))
    assert (findings == ()) is counts


def test_only_judged_revisions_are_asked_for(make):
    """A team with years of history must not write years of notes to adopt the gate."""
    assert deployment.judge(make(f'baseline = "{ID}"\n{SETTINGS}', (BUILD,)))[1] == ()
