"""Rewrite a revision into its safe form: by its syntax tree, with its comments and its layout, and without a server.

What cannot be written so that it is safe, may run again after a failure, and leaves the schema that the author
wanted, is refused with a reason. The tree is libcst's, which takes a while to load; only a rewriting loads it.
"""

from __future__ import annotations

from collections.abc import Sequence

from headgate.revisions.rewrite.model import FIXABLE, Applied, Refused, Rewritten, Wanted

__all__ = ["FIXABLE", "Applied", "Refused", "Rewritten", "Wanted", "diff_for", "rewrite"]


def rewrite(source: str, wanted: Sequence[Wanted]) -> Rewritten:
    """Write the safe forms of findings into a revision.

    Args:
        source: the text of the revision file.
        wanted: the findings; their lines are those of `source`.

    Returns:
        The text, and what became of each finding.
    """
    from headgate.revisions.rewrite.run import run

    return run(source, wanted)


def diff_for(source: str, wanted: Wanted, among: Sequence[Wanted] = ()) -> tuple[str, ...]:
    """Show what the safe form of one finding changes in the function that it stands in.

    Args:
        source: the text of the revision file.
        wanted: the finding.
        among: the findings that are repaired together with it; what those before it change is not shown again.

    Returns:
        The lines that go, as `- …`, and that come, as `+ …`, without their common indentation; nothing where there
        is no safe form.
    """
    from headgate.revisions.rewrite.run import difference

    return difference(source, wanted, among)
