"""Keep passwords out of everything headgate prints.

A password reaches us in a URL (percent-encoded or not, before the host or as `?password=`), in a libpq connection
string, in `PGPASSWORD` or in a password file, and comes back to us inside messages of libpq, SQLAlchemy and Alembic.
Guessing where in a message it stands would be a losing game, so each secret is remembered where it is read, and every
spelling of it is replaced where text leaves the process. Only what stands in a URL is hidden without being known.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import quote, quote_plus, unquote, unquote_plus

__all__ = ["display_url", "redacted", "remember", "remember_environment"]

HIDDEN = "***"

_PASSWORD_KEYS = frozenset({"password", "sslpassword", "oauth_client_secret"})
# The user name of a URL, up to the colon, and the password behind it, up to the last "@" of the word.
_CREDENTIALS = re.compile(r"""(://[^\s:/@"']*:)[^\s"']+(?=@)""")
# Such a secret would black out half of an ordinary sentence, so it is hidden where it stands as a word.
_SHORT = 3
_ESCAPE = re.compile("%[0-9A-F]{2}")
_PRODUCT = "postgresql"

_secrets: set[str] = set()


def remember(url: str) -> None:
    """Remember the passwords that a database URL holds.

    Args:
        url: a SQLAlchemy or libpq URL, or a libpq connection string; one without a password is fine.
    """
    for secret in _passwords(url):
        _remember_secret(secret)


def remember_environment(environment: Mapping[str, str]) -> None:
    """Remember the passwords that libpq would take from its environment variables and its password file.

    Args:
        environment: the process's environment. `PGPASSWORD` and `PGPASSFILE` (or `~/.pgpass`) are read:
            https://www.postgresql.org/docs/current/libpq-envars.html
    """
    if password := environment.get("PGPASSWORD"):
        _remember_secret(password)
    _remember_passfile(Path(environment.get("PGPASSFILE") or Path(environment.get("HOME", ""), ".pgpass")))


def redacted(text: str) -> str:
    """Give the text with every remembered password, and any other that stands in a URL, replaced by `***`."""
    for secret in sorted(_secrets, key=len, reverse=True):
        if len(secret) > _SHORT and secret not in _PRODUCT:
            text = text.replace(secret, HIDDEN)
        elif secret in text:
            text = re.sub(rf"(?<!\w){re.escape(secret)}(?!\w)", lambda _: HIDDEN, text)
    return _CREDENTIALS.sub(rf"\g<1>{HIDDEN}", text)


def display_url(url: str) -> str:
    """Give a database URL in the form that may be printed.

    Args:
        url: a SQLAlchemy or libpq URL, or a libpq connection string.

    Returns:
        The URL with its password, wherever it stands, as `***`.
    """
    remember(url)
    scheme, separator, rest = url.partition("://")
    if not separator:
        return redacted(url)
    user, password, tail = _cut(rest)
    path, question, query = tail.partition("?")
    pairs = [
        f"{name}={HIDDEN}" if _is_password(name) else f"{name}{equals}{value}"
        for name, equals, value in (pair.partition("=") for pair in query.split("&"))
    ]
    credentials = user if password is None else f"{user}:{HIDDEN}@"
    return redacted(f"{scheme}://{credentials}{path}{question}{'&'.join(pairs)}")


def _remember_secret(secret: str) -> None:
    """Remember one password and every spelling in which a driver, a URL or a message may give it back."""
    # configparser, given "%40" for "%%40", quotes what follows from the percent sign on.
    tails = {secret[place:] for place, character in enumerate(secret) if character == "%"}
    for word in {secret, unquote(secret), unquote_plus(secret), *tails}:
        # SQLAlchemy renders a URL with " +" kept; the digits of an escape are written in both cases.
        # What is not UTF-8 in the environment, Python holds as surrogates.
        escaped = {quote(word, safe=safe, errors="surrogateescape") for safe in ("", "/", " +")}
        escaped.add(quote_plus(word, errors="surrogateescape"))
        lower = {_ESCAPE.sub(lambda found: found[0].lower(), text) for text in escaped}
        # libpq's connection strings escape "\" and "'"; SQL doubles "'", a shell leaves its quotes, HTML names it.
        quoted = {
            word.replace("'", "\\'"),
            word.replace("\\", "\\\\").replace("'", "\\'"),
            word.replace("'", "''"),
            word.replace("'", "'\"'\"'"),
            html.escape(word),
        }
        for spelling in {word} | escaped | lower | quoted:
            # configparser doubles "%"; Python's and JSON's literals escape what they must.
            for written in (spelling, spelling.replace("%", "%%")):
                literals = (repr(written), ascii(written), json.dumps(written), json.dumps(written, ensure_ascii=False))
                inner = (literal[1:-1] for literal in (*literals, repr(written.encode(errors="surrogateescape"))[1:]))
                _secrets.update({written, *inner})
    _secrets.difference_update({blank for blank in _secrets if not blank.strip()})


def _remember_passfile(path: Path) -> None:
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return
    for line in lines:
        if not line.startswith("#") and len(fields := _passfile_fields(line)) == 5:
            _remember_secret(fields[4])


def _passwords(url: str) -> Iterator[str]:
    _, separator, rest = url.partition("://")
    if not separator:
        yield from _passwords_of_connection_string(url)
        rest = url  # It may be a URL whose scheme was forgotten.
    _user, password, _tail = _cut(rest)
    if password is not None:
        yield from _pieces(password)
    for pair in rest.partition("?")[2].split("&"):
        name, _, value = pair.partition("=")
        if _is_password(name):
            yield from _pieces(value)
        elif unquote(name).lower() == "passfile":
            _remember_passfile(Path(unquote(value)))


def _pieces(password: str) -> Iterator[str]:
    """Cut at each "@" that should have been escaped: the part before or behind it may be taken for something else."""
    parts = password.split("@")
    for count in range(1, len(parts)):
        yield from ("@".join(parts[:count]), "@".join(parts[count:]))
    yield password


def _cut(rest: str) -> tuple[str, str | None, str]:
    """Split what follows `://` into user, password and the rest. No parser of URLs takes all that SQLAlchemy takes."""
    credentials, at, tail = rest.rpartition("@")
    user, colon, password = credentials.partition(":")
    if not (at and colon):
        return "", None, rest
    # With an "@" on both sides of the "?", the last one may stand in a password of the query: show nothing behind it.
    return user, password, HIDDEN if "@" in password and "?" in password else tail


def _is_password(name: str) -> bool:
    return unquote(name).strip().lower() in _PASSWORD_KEYS


def _passwords_of_connection_string(text: str) -> Iterator[str]:
    if not any(name in text for name in _PASSWORD_KEYS):
        return
    from psycopg import ProgrammingError
    from psycopg.conninfo import conninfo_to_dict

    try:
        found = conninfo_to_dict(text)
    except ProgrammingError:
        yield text.partition("password")[2].lstrip(" =")
        return
    yield from (str(found[name]) for name in _PASSWORD_KEYS.intersection(found))


def _passfile_fields(line: str) -> list[str]:
    """Split one line of a password file, where a backslash keeps a colon (libpq, "The Password File")."""
    fields: list[str] = []
    current, escaped = "", False
    for character in line:
        if escaped:
            current, escaped = current + character, False
        elif character == "\\":
            escaped = True
        elif character == ":" and len(fields) < 4:
            fields.append(current)
            current = ""
        else:
            current += character
    return [*fields, current]
