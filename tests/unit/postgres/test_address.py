"""`headgate.postgres.address`: what libpq is told of a URL, and what is said of a text that is none."""

from __future__ import annotations

import pytest
from sqlalchemy import make_url

from headgate.errors import HeadgateError
from headgate.postgres.address import parameters, parsed


@pytest.mark.parametrize(
    "url", ["postgresql://maker@there:5433/shop", "postgres://there/shop", "postgresql+asyncpg://there/shop"]
)
def test_whatever_driver_or_dialect_it_names_it_is_one_of_postgresql(url: str) -> None:
    """`postgres://` is what libpq and many hosts write; SQLAlchemy has no dialect of that name."""
    assert parsed(url, of="database", fix="…") == make_url(url)


@pytest.mark.parametrize("url", ["", "shop", "mysql://there/shop", "postgresql://there:port/shop", "sqlite:///shop.db"])
def test_what_is_no_url_of_postgresql_is_refused_in_the_callers_words(url: str) -> None:
    """The one who is asked for a server is told of a server, and how to write it there."""
    with pytest.raises(HeadgateError) as caught:
        parsed(url, of="server", fix="Write it so.")

    assert caught.value.what == f"{url} is not the URL of a PostgreSQL server."
    assert caught.value.fix == "Write it so."


def test_a_refusal_prints_no_password() -> None:
    """A URL with a slip in it is where a password is printed."""
    with pytest.raises(HeadgateError) as caught:
        parsed("postgresql://maker:s3cret-word@there:port/shop", of="database", fix="…")

    assert "s3cret-word" not in caught.value.what
    assert "maker" in caught.value.what


def test_each_part_has_libpqs_own_name() -> None:
    """What is escaped in a URL is not escaped in a keyword."""
    assert parameters(make_url("postgresql+psycopg://maker:a%40b@there:5433/shop?sslmode=require")) == {
        "user": "maker",
        "password": "a@b",
        "host": "there",
        "port": 5433,
        "dbname": "shop",
        "sslmode": "require",
    }


def test_what_the_url_leaves_out_is_left_to_libpq() -> None:
    """An empty host would be another one than the default."""
    assert parameters(make_url("postgresql:///shop")) == {"dbname": "shop"}


def test_several_hosts_of_the_query_are_one_list() -> None:
    """libpq tries them in turn: libpq-connect.html#LIBPQ-MULTIPLE-HOSTS."""
    address = make_url("postgresql:///shop?host=one&host=two&port=5433&port=5434")

    assert parameters(address) == {"dbname": "shop", "host": "one,two", "port": "5433,5434"}


def test_what_stands_in_the_url_itself_goes_before_its_query() -> None:
    """It names the database that the user sees at a glance."""
    assert parameters(make_url("postgresql://there/shop?dbname=other"))["dbname"] == "shop"
