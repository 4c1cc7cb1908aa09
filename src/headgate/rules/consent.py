"""A consent that does not count.

A rule is switched off for one statement by a comment beside it, on the same line or the line above:

    # headgate: allow sql-from-fstring because the names come from pg_tables

The reason is for the reviewer, and for the reader in two years. `until 2027-01-31` before `because` ends the consent
with that day. For a finding about the file as a whole, such as its name, the comment stands before the first statement.

It fires on a consent that gives no reason, names no rule that exists, has ended, or is not needed any more. It is
silent when the consent took a finding off.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from headgate import rules
from headgate.report.model import Finding, Severity
from headgate.revisions.header import is_filled
from headgate.rules._consents import SHOWN_BY_RUNNING, Consent, consents
from headgate.rules.rule import Evidence, Rule

__all__ = ["RULE", "consentable", "unused"]


def _check(evidence: Evidence) -> Iterator[Finding]:
    known = consentable() | {RULE.name}
    for consent in consents(evidence.revision):
        if problem := consent.problem(known, evidence.today):
            finding = RULE.finding(evidence, consent.line, problem, fix=_fix(consent, known))
            # `--fix` takes the comment away with what it is about.
            about = {"allows": consent.rule, "from": str(consent.covers.start), "to": str(consent.covers.stop)}
            yield replace(finding, facts=about)


def consentable() -> frozenset[str]:
    """Give the names of what a comment can set aside: every rule but the one about these comments."""
    return frozenset(rule.name for rule in rules.load()) - {RULE.name} | SHOWN_BY_RUNNING


def unused(evidence: Evidence, consent: Consent) -> Finding:
    """Give the finding for a consent that took nothing off."""
    return RULE.finding(
        evidence,
        consent.line,
        f"the consent to {consent.rule} is not needed: the rule does not fire there",
        fix=("Delete the comment, or move it beside the statement that it is about.",),
    )


def _fix(consent: Consent, known: frozenset[str]) -> tuple[str, ...]:
    if not consent.rule:
        return ("Write it as `# headgate: allow " + _EXAMPLE + "`.",)
    if consent.rule not in known:
        return (f"The rules are: {', '.join(sorted(known))}.",)
    if not is_filled(consent.reason):
        return (f"# headgate: allow {consent.rule} because <reason>",)
    return ("Mend what it allowed, delete the comment, or give it a later day.",)


_EXAMPLE = "sql-from-fstring because the names come from pg_tables"

_REVISION = '''"""keep the remarks of archived entries

Intent: archived entries are read only, so their remarks move to the archive.
Risk: updates the archived entries, a few hundred rows.
Rollback: irreversible, the remarks are not taken apart again.
"""

from alembic import op

revision = "20261122170212"
down_revision = "20261120091500"


def upgrade() -> None:
    op.execute("UPDATE entries SET note = title WHERE is_archived")


{consent}def downgrade() -> None:
    pass
'''

RULE = Rule(
    name="consent",
    severity=Severity.ERROR,
    condition="A consent gives no reason, names no known rule, has ended, or takes nothing off.",
    effect="A rule is thought to be weighed and set aside where nobody did, or it is off for code that is not there.",
    workaround="Give the reason; delete a consent that is not needed.",
    bad=_REVISION.format(consent="# headgate: allow downgrade-missing because the remarks are gone\n"),
    good=_REVISION.format(consent=""),
    source="https://alembic.sqlalchemy.org/en/latest/tutorial.html#create-a-migration-script",
    check=_check,
)
