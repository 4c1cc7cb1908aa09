"""Hold the documents against the code and the revisions: what `docs.check` and the gate's last step ask."""

from __future__ import annotations

from headgate.docs import api, deployment, generated, links
from headgate.project import Project
from headgate.report.model import Finding

__all__ = ["judge"]


def judge(project: Project) -> tuple[str, tuple[Finding, ...]]:
    """Ask every part about the documents that `[tool.headgate.docs]` names.

    Args:
        project: the project.

    Returns:
        What was shown in one line, and what is to be mended.

    Raises:
        HeadgateError: a document or the GraphQL schema cannot be read.
    """
    answers = [part.judge(project) for part in (api, deployment, generated, links)]
    settings = project.config.docs
    named = settings.api or settings.deployment
    shown = [answer for answer, _ in answers if answer]
    if not named:
        shown.insert(0, "no documents are named in [tool.headgate.docs]")
    return "; ".join(shown), tuple(finding for _, findings in answers for finding in findings)
