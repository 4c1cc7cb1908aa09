"""`docs/adopt.md`, followed word by word in somebody else's repository."""

from __future__ import annotations

from pathlib import Path

from headgate.docs import markdown
from headgate.tasks import adopt
from tests.checkout import ROOT
from tests.docs.conftest import Checkout
from tests.docs.test_console import follow
from tests.docs.test_guide import tables
from tests.functional.foreign import written

PAGE = ROOT / "docs" / "adopt.md"


def test_the_page_is_followed_word_by_word(checkout: Checkout, tmp_path: Path) -> None:
    """A team that takes headgate in reads this page and no other; what it shows must be what they see."""
    follow(PAGE, Checkout(written(tmp_path / "shop").root, checkout.environment))


def test_each_question_of_init_is_told_with_its_option() -> None:
    """A new one that the page leaves out would be met by nobody who reads before they type."""
    options = {argument.name for argument in adopt.init.get_arguments() if argument.kind is str}
    told = {row[1].split("`--")[1].split()[0] for row in tables(markdown.read(PAGE), "Where it asks")[0]}
    assert {name.replace("-", "_") for name in told} == {name.replace("-", "_") for name in options}
