"""Which rules about the form of a file a repository's own revisions do not keep, most of them."""

from __future__ import annotations

from collections.abc import Mapping

from headgate.project import Project
from headgate.rules import revision_file_name, revision_header
from headgate.rules.rule import Evidence
from headgate.wording import counted

__all__ = ["unkept"]

_RULES = (revision_file_name.RULE, revision_header.RULE)


def unkept(project: Project) -> Mapping[str, str]:
    """Give the rules that most revision files break, each with what is to be known when it is turned off.

    A team that named its files otherwise for years meant to: told of each new one, it would stop to read the findings.

    Args:
        project: the Alembic project.
    """
    files = project.revisions.values()
    found: dict[str, str] = {}
    for rule in _RULES:
        broken = sum(any(rule.check(Evidence(file, project.config.root))) for file in files)
        if 2 * broken > len(files):
            found[rule.name] = f"{broken} of {counted(len(files), 'revision')} here break it"
    return found
