"""Keep passwords out of everything headgate prints.

A password reaches us in a URL (percent-encoded or not, before the host or as `?password=`), in `PGPASSWORD` or in a
password file, and comes back to us inside messages of libpq, SQLAlchemy and Alembic. Guessing where in a message it
stands would be a losing game, so each secret is remembered where it is read, and every spelling of it is replaced
where text leaves the process.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import parse_qsl, quote, quote_plus, unquote, unquote_plus, urlsplit

__all__ = ["display_url", "redacted", "remember", "remember_environment"]

HIDDEN = "***"

_secrets: set[str] = set()


def remember(url: str) -> None:
    """Remember the passwords that a database URL holds.

    Args:
        url: a SQLAlchemy or libpq URL; one without a password is fine.
    """
    for secret in _passwords(url):
        remember_secret(secret)


def remember_secret(secret: str) -> None:
    """Remember one password and every spelling in which a driver or a URL may give it back."""
    plain = unquote(secret)
    for word in {secret, plain, unquote_plus(secret)}:
        for spelling in (word, quote(word, safe=""), quote(word), quote_plus(word), word.replace("'", "\\'")):
            _secrets.update({spelling, spelling.replace("%", "%%"), repr(spelling)[1:-1]})
    _secrets.discard("")


def remember_environment(environment: Mapping[str, str]) -> None:
    """Remember the passwords that libpq would take from its environment variables and its password file.

    Args:
        environment: the process's environment. `PGPASSWORD` and `PGPASSFILE` (or `~/.pgpass`) are read:
            https://www.postgresql.org/docs/current/libpq-envars.html
    """
    if password := environment.get("PGPASSWORD"):
        remember_secret(password)
    home = environment.get("HOME", "")
    passfile = Path(environment.get("PGPASSFILE") or Path(home, ".pgpass"))
    try:
        lines = passfile.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return
    for line in lines:
        if not line.startswith("#") and len(fields := _passfile_fields(line)) == 5:
            remember_secret(fields[4])


def redacted(text: str) -> str:
    """Give the text with every remembered password replaced by `***`."""
    for secret in sorted(_secrets, key=len, reverse=True):
        if len(secret) > 2 or secret in text.split():
            text = text.replace(secret, HIDDEN)
    return text


def display_url(url: str) -> str:
    """Give a database URL in the form that may be printed.

    Args:
        url: a SQLAlchemy or libpq URL.

    Returns:
        The URL with its password, wherever it stands, as `***`.
    """
    remember(url)
    scheme, separator, rest = url.partition("://")
    if not separator:
        return redacted(url)
    authority, slash, tail = rest.partition("/")
    credentials, at, host = authority.rpartition("@")
    if ":" in credentials:
        credentials = f"{credentials.partition(':')[0]}:{HIDDEN}"
    path, question, query = tail.partition("?")
    pairs = [
        f"{name}={HIDDEN}" if name.lower() in _PASSWORD_KEYS else f"{name}{equals}{value}"
        for name, equals, value in (pair.partition("=") for pair in query.split("&"))
    ]
    return redacted(f"{scheme}://{credentials}{at}{host}{slash}{path}{question}{'&'.join(pairs)}")


_PASSWORD_KEYS = frozenset({"password", "sslpassword", "oauth_client_secret"})


def _passwords(url: str) -> Iterator[str]:
    _, separator, rest = url.partition("://")
    if not separator:
        return
    # urlsplit refuses some of what SQLAlchemy accepts (a "[" in a password), so the authority is cut by hand.
    credentials = rest.partition("/")[0].rpartition("@")[0] or rest.rpartition("@")[0]
    if ":" in credentials:
        yield credentials.partition(":")[2]
    query = urlsplit(f"x://h/?{rest.partition('?')[2]}").query
    for name, value in parse_qsl(query, keep_blank_values=False):
        if name.lower() in _PASSWORD_KEYS:
            yield value
    for pair in query.split("&"):
        name, _, value = pair.partition("=")
        if name.lower() in _PASSWORD_KEYS:
            yield value


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
