"""`headgate.redaction`: no spelling of a password leaves the process."""

from __future__ import annotations

import html
import json
import os
import re
import shlex
from configparser import ConfigParser, InterpolationSyntaxError
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
from psycopg.conninfo import make_conninfo
from sqlalchemy import URL, make_url

from headgate import redaction
from headgate.redaction import display_url, redacted, remember, remember_environment

PASSWORDS = {
    "plain": "hunter2",
    "at": "p@ssw0rd",
    "slash": "s3/cr/et",
    "colon": "se:cr:et",
    "brackets": "s[3]cret",
    "percent": "100%safe",
    "looks-escaped": "a%40b%zz",
    "quote": "o'hara's",
    "double-quote": 'say "hi"!',
    "backslash": "back\\sl'ash",
    "plus": "one+two+",
    "space": "one two three",
    "question": "who?what#then&",
    "letters": "pässwörd→",
    "all-at-once": "a b+c%d%41'e\"fü/@:→\\",
    "two-characters": "x7",
    "the-product": "postgres",
}


@pytest.fixture(autouse=True)
def _forget(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test remembers for itself: the store is the process's."""
    monkeypatch.setattr(redaction, "_secrets", set())


@pytest.fixture(params=PASSWORDS.values(), ids=PASSWORDS)
def password(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def _spellings(password: str) -> set[str]:
    url = URL.create("postgresql+psycopg", "amy", password, "db.example.org", 5432, "app")
    rendered = url.render_as_string(hide_password=False)
    return {
        password,
        quote(password, safe=""),
        quote_plus(password),
        quote(password, safe="").replace("%", "%%"),
        rendered,
        rendered.replace("%", "%%"),
        repr(password)[1:-1],
        json.dumps({"url": rendered, "password": password}),
        json.dumps({"url": rendered, "password": password}, ensure_ascii=False),
        make_conninfo(host="db.example.org", user="amy", password=password),
        quote(password, safe=" +"),
        re.sub("%..", lambda escape: escape[0].lower(), quote(password, safe="")),
        repr(password.encode())[2:-1],
        shlex.quote(f"password={password}"),
        html.escape(password),
        f"ALTER ROLE amy PASSWORD '{password.replace(chr(39), chr(39) * 2)}'",
    }


def _assert_hidden(password: str, texts: set[str]) -> None:
    for text in texts:
        shown = redacted(f'could not connect to "{text}", try again')
        assert "***" in shown, text
        for spelling in (password, quote(password, safe=""), quote_plus(password)):
            # The name of the product, in "postgresql://", is not its password.
            assert spelling not in shown.replace("postgresql", ""), text


def test_a_password_before_the_host_is_hidden_in_every_spelling(password: str) -> None:
    """Drivers unescape it, configparser doubles its percent signs, SQLAlchemy escapes it anew, JSON quotes it."""
    remember(f"postgresql+psycopg://amy:{quote(password, safe='')}@db.example.org/app")

    _assert_hidden(password, _spellings(password))


def test_a_password_in_the_query_is_hidden_in_every_spelling(password: str) -> None:
    """libpq takes `?password=` too: https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING."""
    remember(f"postgresql://db.example.org/app?connect_timeout=3&password={quote_plus(password)}")

    _assert_hidden(password, _spellings(password))


def test_a_password_in_a_connection_string_is_hidden_in_every_spelling(password: str) -> None:
    """SQLAlchemy refuses such a text, and says so with the text."""
    remember(make_conninfo(host="db.example.org", user="amy", password=password))

    _assert_hidden(password, _spellings(password))


def test_pgpassword_is_hidden_in_every_spelling(password: str) -> None:
    """The environment's password is never in the URL, but in what a program makes of it."""
    remember_environment({"PGPASSWORD": password})

    _assert_hidden(password, _spellings(password))


def test_a_password_that_is_no_utf_8_is_hidden_too() -> None:
    """A terminal in Latin-1 gives bytes that Python holds as surrogates, and that no URL can be quoted with."""
    remember_environment({"PGPASSWORD": os.fsdecode("pässwörd".encode("latin-1"))})

    assert redacted(f"p\udce4ssw\udcf6rd {quote('pässwörd', encoding='latin-1')}") == "*** ***"


def test_a_password_file_is_hidden_in_every_spelling(password: str, tmp_path: Path) -> None:
    """In it a colon and a backslash are escaped: https://www.postgresql.org/docs/current/libpq-pgpass.html."""
    escaped = password.replace("\\", "\\\\").replace(":", "\\:")
    passfile = tmp_path / "pass file"
    passfile.write_text(f"# db:5432:*:amy:comment\ndb\\:5432:*:short\ndb.example.org:5432:*:a\\:my:{escaped}\n")

    remember_environment({"PGPASSFILE": str(passfile)})

    _assert_hidden(password, _spellings(password))
    assert redacted("comment, short") == "comment, short"


def test_a_password_file_is_found_in_the_home_folder_and_in_a_url(tmp_path: Path) -> None:
    """libpq looks in all three places."""
    (tmp_path / ".pgpass").write_text("*:*:*:*:from-home\n")
    (tmp_path / "other").write_text("*:*:*:*:from-url\n")

    remember_environment({"HOME": str(tmp_path)})
    remember(f"postgresql://db/app?passfile={quote_plus(str(tmp_path / 'other'))}")

    assert redacted("from-home from-url") == "*** ***"


def test_a_missing_or_unreadable_password_file_is_no_failure(tmp_path: Path) -> None:
    """libpq ignores it as well."""
    remember_environment({"HOME": str(tmp_path)})
    remember_environment({"PGPASSFILE": str(tmp_path)})


def test_a_shown_url_keeps_all_but_the_password(password: str) -> None:
    """Which database it is must still be told."""
    escaped = quote(password, safe="")
    assert (
        display_url(f"postgresql+psycopg://amy:{escaped}@db.example.org:5432/app?sslmode=require")
        == "postgresql+psycopg://amy:***@db.example.org:5432/app?sslmode=require"
    )
    assert (
        display_url(f"postgresql://db.example.org/app?user=amy&PassWord={escaped}&sslmode=require")
        == "postgresql://db.example.org/app?user=amy&PassWord=***&sslmode=require"
    )


@pytest.mark.parametrize(
    "password", ["p@ss", "p/a", "p:a", "p[a]", "p%a", "p'a", "p+a", "p a", "p?a", "p@x/y", "p@x?y"]
)
def test_a_password_that_should_have_been_escaped_is_hidden_all_the_same(password: str) -> None:
    """It is the commonest mistake with URLs, and its error message holds the whole URL."""
    url = f"postgresql://amy:{password}@db.example.org/app"

    assert display_url(url).startswith("postgresql://amy:***@")
    for piece in (password, password.partition("@")[2] or password):
        assert piece not in display_url(url)
    assert password not in redacted(f"cannot parse {url}")


def test_an_at_sign_in_the_query_does_not_uncover_a_password() -> None:
    """Both halves of the URL may hold one."""
    url = "postgresql://amy:first@db.example.org/app?password=sec@ond"

    assert display_url(url) == "postgresql://amy:***@***"
    assert redacted("first sec@ond") == "*** ***"


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://amy@/app?host=/run/postgresql&port=5433",
        "postgresql://[::1]:5432/app",
        "postgresql:///app",
        "sqlite:///file.db",
        "",
    ],
)
def test_a_url_without_a_password_is_shown_as_it_is(url: str) -> None:
    """Nothing is hidden that need not be."""
    assert display_url(url) == url
    assert redaction._secrets == set()


def test_a_password_in_a_url_is_hidden_though_nobody_remembered_it() -> None:
    """env.py may take a URL from a file that headgate never reads, and fail with it."""
    message = "ValueError: invalid syntax in 'postgresql://amy:p%40/ss@db/app' at position 20"

    assert redacted(message) == "ValueError: invalid syntax in 'postgresql://amy:***@db/app' at position 20"


def test_the_rest_of_a_password_behind_a_percent_sign_is_hidden() -> None:
    """An ini file with `%40` where `%%40` belongs is answered with the value from there on."""
    remember("postgresql://amy:first%40sec%2Fond@db/app")
    broken = ConfigParser()
    broken.read_string("[alembic]\nsqlalchemy.url = postgresql://amy:first%40sec%2Fond@db/app\n")

    with pytest.raises(InterpolationSyntaxError) as caught:
        broken.get("alembic", "sqlalchemy.url")

    assert redacted(str(caught.value)).endswith("found: '***@db/app'")
    assert redacted("%2Fond@db") == "***@db"


def test_text_without_a_password_is_left_alone() -> None:
    """A message that is half stars helps nobody; a short password is hidden only where it is a word."""
    remember("postgresql://u:ab@db/app")
    text = "PostgreSQL 18.4: table about is absent; see https://example.org:8000/path"

    assert redacted(text) == text
    assert redacted('password "ab" refused') == 'password "***" refused'


def test_what_sqlalchemy_makes_of_the_url_is_hidden(password: str) -> None:
    """The URL that env.py holds is SQLAlchemy's rendering, which escapes other characters than the user did."""
    remember(f"postgresql://amy:{quote(password, safe='')}@db/app")
    url = make_url(f"postgresql://amy:{quote(password, safe='')}@db/app").set(host="other", port=1)

    assert redacted(url.render_as_string(hide_password=False)) == "postgresql://amy:***@other:1/app"
