"""`headgate.sizes`: what a file says of the production tables, and how that is told."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from headgate.config import Config
from headgate.errors import HeadgateError
from headgate.sizes import Size, changes, load, path, read, write

GB, MB = 1024**3, 1024**2


@pytest.mark.parametrize(
    ("size", "told"),
    [
        (Size(210_000_000, 33_285_996_544), "31 GB, 210 million rows"),
        (Size(0, 0), "0 bytes, 0 rows"),
        (Size(1, 8192), "8 kB, 1 row"),
        (Size(9_999, 1_300 * 1024), "1.3 MB, 9,999 rows"),
        (Size(999_999, MB * 1024 - 1), "1 GB, 999,999 rows"),
        (Size(1_250_000, 5 * 1024 * GB), "5 TB, 1.2 million rows"),
        (Size(9_960_000_000, 3_000 * 1024 * GB), "2.9 PB, 10 billion rows"),
    ],
)
def test_a_size_is_told_as_a_person_says_it(size: Size, told: str) -> None:
    """A finding ends with it, and nobody counts the digits of 33285996544."""
    assert size.told == told


@pytest.mark.parametrize(
    ("size", "small", "large"),
    [
        (Size(9_999, 10 * MB - 1), True, False),
        (Size(10_000, 0), False, False),
        (Size(0, 10 * MB), False, False),
        (Size(1_000_000, GB), False, False),
        (Size(1_000_001, 0), False, True),
        (Size(0, GB + 1), False, True),
    ],
)
def test_a_table_is_small_in_both_and_large_in_either(size: Size, small: bool, large: bool) -> None:
    """A few very wide rows take as long to rewrite as many narrow ones."""
    assert (size.is_small, size.is_large) == (small, large)


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    """A name may hold quotes, dots and letters that TOML would not take bare."""
    sizes = {"users": Size(3, 8192), '"Order lines"': Size(2, 1), 'shop."back\\slash\x7fé"': Size(1, 0)}
    file = tmp_path / "sizes.toml"

    write(file, sizes, server="18.4", day=date(2026, 11, 22), unknown=("parts", '"New"'))

    assert read(file) == sizes
    assert file.read_text().splitlines()[:6] == [
        "# The production tables on 2026-11-22, as the statistics of PostgreSQL 18.4 have them.",
        "# Written by `inv db.sizes`; tables that are not here count as ones that grow.",
        '# Never analyzed, so left out: "\\"New\\""',
        '# Never analyzed, so left out: "parts"',
        "",
        '"\\"Order lines\\"" = { rows = 2, bytes = 1 }',
    ]


def test_without_a_file_nothing_is_known(tmp_path: Path) -> None:
    """Most projects have none, and nobody has to write one."""
    assert load(Config(root=tmp_path)) == {}


def test_a_file_beside_the_settings_is_found(tmp_path: Path) -> None:
    """Then there is no setting to forget."""
    (tmp_path / "headgate-sizes.toml").write_text('"users" = { rows = 1, bytes = 2 }\n')

    assert load(Config(root=tmp_path)) == {"users": Size(1, 2)}


def test_a_file_that_the_settings_name_must_be_there(tmp_path: Path) -> None:
    """Or a name that is misspelled would weigh every table alike, and nobody would see it."""
    config = Config(root=tmp_path, sizes="db/sizes.toml")

    with pytest.raises(HeadgateError) as caught:
        load(config)

    assert path(config) == tmp_path / "db/sizes.toml"
    assert caught.value.what == 'sizes = "db/sizes.toml" in [tool.headgate] names a file that is not there.'


@pytest.mark.parametrize(
    "text",
    [
        "users = 5",
        "users = { rows = 5 }",
        "users = { rows = 5, bytes = '5' }",
        "users = { rows = -1, bytes = 0 }",
        "u =",
    ],
)
def test_a_file_that_says_something_else_is_refused(text: str, tmp_path: Path) -> None:
    """It was edited by hand, and a size that is silently not read would soften or harden a finding."""
    file = tmp_path / "headgate-sizes.toml"
    file.write_text(text)

    with pytest.raises(HeadgateError) as caught:
        load(Config(root=tmp_path))

    assert str(file) in caught.value.what
    assert caught.value.fix == "Write it anew: inv db.sizes --from URL"


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    """The setting may name any place."""
    with pytest.raises(HeadgateError) as caught:
        write(tmp_path / "none" / "sizes.toml", {}, server="18.4", day=date(2026, 11, 22))

    assert caught.value.what == f"{tmp_path}/none/sizes.toml cannot be written: No such file or directory."


def test_what_changed_is_told_in_the_order_of_names() -> None:
    """A table that has one row more than yesterday is not worth a line."""
    before = {"gone": Size(1, 0), "grown": Size(5, 8192), "same": Size(210_000_000, GB)}
    after = {"came": Size(2, 8192), "grown": Size(500, 80 * 1024), "same": Size(210_000_100, GB)}

    assert list(changes(before, after)) == [
        "+ came: 8 kB, 2 rows",
        "- gone: 0 bytes, 1 row",
        "~ grown: 8 kB, 5 rows -> 80 kB, 500 rows",
    ]
