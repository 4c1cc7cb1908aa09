"""Every console block of the documents is run, in order, in a checkout of its own, and prints what the page shows.

In a block, a line that starts with `$ ` is typed and the lines below it are what it prints. `…` stands for any text in
a line, and for any number of lines where it stands alone. A command ends with 0, unless the next one is `echo $?`.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from headgate.docs import markdown
from tests.checkout import ROOT
from tests.docs.conftest import Checkout

# Followed in somebody else's repository: test_adopt.py.
ELSEWHERE = ROOT / "docs" / "adopt.md"
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted({*(ROOT / "docs").rglob("*.md")} - {ELSEWHERE})]


def commands(page: Path) -> list[tuple[str, str, int]]:
    """Give what is typed, what it should print, and the line of the block that it stands in."""
    found: list[tuple[str, str, int]] = []
    for token in markdown.read(page).tokens:
        if token.type != "fence" or token.info != "console":
            continue
        for line in token.content.splitlines():
            if line.startswith("$ "):
                found.append((line.removeprefix("$ "), "", token.map[0] + 1))
            else:
                typed, printed, place = found[-1]
                found[-1] = (typed, f"{printed}{line}\n", place)
    return found


def matches(printed: str, shown: str) -> bool:
    """Say whether what a command printed is what the page shows."""
    pattern = ""
    for line in shown.rstrip("\n").split("\n"):
        if line.strip() == "…":
            pattern += "(?:[^\n]*\n)*"
        else:
            pattern += "[^\n]*".join(map(re.escape, line.rstrip().split("…"))) + "\n"
    tidy = "\n".join(line.rstrip() for line in printed.strip("\n").split("\n")) + "\n"
    return re.fullmatch(pattern, tidy) is not None


WITH_CONSOLE = [page for page in PAGES if commands(page)]


@pytest.mark.parametrize("page", WITH_CONSOLE, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_console_block_prints_what_the_page_shows(page: Path, checkout) -> None:
    """A reader types what stands there; the first command that fails is the last one that they try."""
    follow(page, checkout)


def follow(page: Path, checkout: Checkout) -> None:
    """Type every command of a page, and hold what it prints against what the page shows."""
    code = 0
    typed = commands(page)
    for (command, shown, line), following in zip(typed, [*typed[1:], ("", "", 0)], strict=True):
        done = checkout.run(command.replace("$?", str(code)))
        code = done.returncode
        assert matches(done.stdout, shown), f"{page.name}, line {line}: $ {command}\n{done.stdout}"
        assert code == 0 or following[0] == "echo $?", f"{page.name}, line {line}: $ {command} ended with {code}"


def test_the_readme_and_the_guide_have_blocks_to_run() -> None:
    """A renamed fence would leave nothing to run, and the test above would pass."""
    assert {"README.md", "guide.md"} <= {page.name for page in WITH_CONSOLE}


@pytest.mark.parametrize(
    ("printed", "shown", "same"),
    [
        ("a 1.2 s\n", "a … s\n", True),
        ("a\nb\nc\n", "a\n…\nc\n", True),
        ("a\nc\n", "a\n…\nc\n", True),
        ("", "", True),
        ("a\n", "", False),
        ("a b\n", "a\n", False),
        ("a\nb\n", "a\n", False),
        ("a.b\n", "a?b\n", False),
    ],
)
def test_the_comparison_tells_apart_what_a_reader_would(printed: str, shown: str, same: bool) -> None:
    """A comparison that lets everything pass would prove nothing."""
    assert matches(printed, shown) is same
