"""Write what can be written of the documents: the task `docs.sync`."""

from __future__ import annotations

from pathlib import Path

from headgate.docs import api, deployment, generated
from headgate.errors import HeadgateError
from headgate.project import Project

__all__ = ["sync"]


def sync(project: Project) -> tuple[Path, ...]:
    """Bring the GraphQL schema, the deployment notes and the generated pages up to date.

    Args:
        project: the project.

    Returns:
        The files that were changed. Words that somebody wrote around the generated parts stay.

    Raises:
        HeadgateError: a document or the GraphQL schema cannot be read, or a document cannot be written.
    """
    changed = []
    for part in (api, deployment, generated):
        for path, text in part.pages(project).items():
            if path.is_file() and path.read_text(encoding="utf-8") == text:
                continue
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8", newline="\n")
            except OSError as error:
                raise HeadgateError(
                    f"{path} cannot be written: {error.strerror}.", "Allow yourself to write there, then run it again."
                ) from error
            changed.append(path)
    return tuple(changed)
