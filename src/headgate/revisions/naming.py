"""How a revision is named: `yyyymmddhhmmss_short_description.py`, its id the time at which it was made.

Times are UTC, so that the files of a team in two time zones sort in the order in which they were written.
"""

from __future__ import annotations

import string
import unicodedata
from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from headgate.errors import HeadgateError

if TYPE_CHECKING:
    from alembic.operations.ops import MigrationScript
    from alembic.runtime.migration import MigrationContext

__all__ = ["clean_message", "file_name", "name_revision", "parse_id", "revision_id", "slug"]

LONGEST_SLUG = 48
_FORMAT = "%Y%m%d%H%M%S"
_KEPT = frozenset(string.ascii_lowercase + string.digits)
_JOINER = "\u200d"  # holds an emoji of several code points together, and is not printable by itself


def clean_message(message: str) -> str:
    """Give a message as one line of printable characters.

    Args:
        message: any text; line ends, control characters and what cannot be encoded become spaces.

    Raises:
        HeadgateError: nothing is left.
    """
    printable = "".join(sign if sign.isprintable() or sign == _JOINER else " " for sign in message)
    cleaned = " ".join(printable.split())
    if not cleaned.strip(_JOINER):
        raise HeadgateError("The message is empty.", 'Say what the revision does: -m "add note to entries".')
    return cleaned


def slug(message: str) -> str:
    """Give the part of a file name that a message becomes: lower-case words of ASCII joined by underscores.

    Args:
        message: any text. Accents are folded; what has no ASCII form separates words. At most 48 characters are kept,
            cut between words.

    Raises:
        HeadgateError: nothing is left.
    """
    folded = unicodedata.normalize("NFKD", message.casefold())
    plain = "".join(
        sign if sign in _KEPT else "" if unicodedata.combining(sign) or sign in _APOSTROPHES else " " for sign in folded
    )
    words = plain.split()
    if not words:
        raise HeadgateError(
            f'The message "{clean_message(message)}" leaves nothing to name a file with.',
            'Put it in words with letters a to z or digits: -m "add note to entries".',
        )
    name = words[0][:LONGEST_SLUG]
    for word in words[1:]:
        if len(name) + 1 + len(word) > LONGEST_SLUG:
            break
        name = f"{name}_{word}"
    return name


_APOSTROPHES = frozenset("'\u2019")


def revision_id(at: datetime, existing: Collection[str] = ()) -> str:
    """Give the id of a revision that is made at a moment: `yyyymmddhhmmss`, UTC.

    Args:
        at: the moment; one without a time zone is taken as UTC.
        existing: the ids that are taken. Where the second is, the next free second is given.
    """
    moment = at.astimezone(UTC) if at.tzinfo else at
    while (id_ := moment.strftime(_FORMAT)) in existing:
        moment += timedelta(seconds=1)
    return id_


def parse_id(text: str) -> datetime | None:
    """Give the moment that fourteen digits name, or `None` when they name none."""
    if len(text) != 14 or not (text.isascii() and text.isdigit()):
        return None
    try:
        return datetime.strptime(text, _FORMAT).replace(tzinfo=UTC)
    except ValueError:
        return None


def file_name(message: str, at: datetime) -> str:
    """Give the name of a revision's file.

    Args:
        message: what the revision does.
        at: when it is made.

    Raises:
        HeadgateError: the message leaves nothing to name a file with.
    """
    return f"{revision_id(at)}_{slug(message)}.py"


def name_revision(context: MigrationContext, _revision: object, directives: Sequence[MigrationScript]) -> None:
    """Have plain `alembic revision -m` name its file by the convention.

    Hand it to `context.configure(process_revision_directives=…)`, with these lines in the ini file:

        file_template = %%(rev)s_%%(slug)s
        revision_environment = true

    An id that was given with `--rev-id` stays. The message is made safe for the docstring that the template writes it
    to, where a quote or a backslash would otherwise end or change the text.

    Args:
        context: Alembic's migration context.
        directives: the revisions that Alembic is about to write.

    Raises:
        CommandError: the message leaves nothing to name a file with.
    """
    from alembic.util import CommandError

    from headgate.revisions.header import escaped

    script = context.script
    taken = {known.revision for known in script.walk_revisions()} if script else set()
    given = context.opts["revision_context"].command_args
    for directive in directives:
        # An env.py with several databases calls this once for each of them, with the same directives.
        if directive.message is not None and directive.message == given["message"]:
            try:
                slug(directive.message)
                directive.message = escaped(clean_message(directive.message))
            except HeadgateError as error:
                raise CommandError(f"{error.what} {error.fix}") from error
        if directive.rev_id != given["rev_id"] and parse_id(directive.rev_id or "") is None:
            directive.rev_id = revision_id(datetime.now(UTC), taken)
            taken.add(directive.rev_id)
