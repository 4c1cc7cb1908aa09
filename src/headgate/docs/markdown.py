"""A Markdown page: its links and anchors, and the parts of it that headgate writes.

A part that is written by `docs.sync` stands between two comments, `<!-- headgate: schema -->` and
`<!-- headgate: end -->`; the rest of the page is its author's. A comment inside a code block is none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt

from headgate.errors import HeadgateError

if TYPE_CHECKING:
    from markdown_it.token import Token

__all__ = ["Link", "Page", "read", "table"]


@dataclass(frozen=True)
class Link:
    """A link, or an image's source, as it is written.

    Args:
        target: what stands in the parentheses.
        line: the line, counted from 1.
    """

    target: str
    line: int


@dataclass(frozen=True)
class Page:
    """One page.

    Args:
        path: the file.
        text: its text; empty for one that is not there yet.
    """

    path: Path
    text: str

    @cached_property
    def tokens(self) -> tuple[Token, ...]:
        """The page as markdown-it reads it: CommonMark with tables."""
        return tuple(MarkdownIt("commonmark").enable("table").parse(self.text))

    @cached_property
    def links(self) -> tuple[Link, ...]:
        """Every link and image in order, those in HTML included."""
        return tuple(Link(target, line) for name, target, line in self._marks if name in {"href", "src"})

    @cached_property
    def anchors(self) -> frozenset[str]:
        """What a link may name after `#`: each heading as GitHub spells it, and each HTML `id` and `name`."""
        seen: dict[str, int] = {}
        anchors = {target for name, target, _ in self._marks if name in {"id", "name"}}
        for token, inline in pairwise(self.tokens):
            if token.type == "heading_open":
                slug = _slug("".join(child.content for child in inline.children or ()))
                count = seen[slug] = seen.get(slug, -1) + 1
                anchors.add(f"{slug}-{count}" if count else slug)
        return frozenset(anchors)

    def section(self, name: str) -> str | None:
        """Give what stands between the comments of a part, or `None` when the page has no such part.

        Raises:
            HeadgateError: the closing comment is missing.
        """
        place = self._place(name)
        return None if place is None else "".join(self._lines[place.start : place.stop]).strip("\n")

    def line_of(self, name: str) -> int:
        """Give the line of a part's opening comment, counted from 1; 1 when there is none."""
        place = self._place(name)
        return 1 if place is None else place.start

    def with_section(self, name: str, content: str) -> str:
        """Give the page's text with new content in a part; a part that is not there is added at the end."""
        place = self._place(name)
        if place is None:
            before = f"{self.text.rstrip()}\n\n" if self.text.strip() else ""
            return f"{before}{_opening(name)}\n\n{content}\n\n{_CLOSING}\n"
        before, after = "".join(self._lines[: place.start]), "".join(self._lines[place.stop :])
        return f"{before}\n{content}\n\n{after}"

    @cached_property
    def _lines(self) -> list[str]:
        return [f"{line}\n" for line in self.text.split("\n")[:-1]] + [self.text.rpartition("\n")[2]]

    def _place(self, name: str) -> range | None:
        opened: int | None = None
        for token in self.tokens:
            if token.type != "html_block" or token.map is None:
                continue
            if token.content.strip() == _opening(name):
                opened = token.map[1]
            elif token.content.strip() == _CLOSING and opened is not None:
                return range(opened, token.map[0])
        if opened is None:
            return None
        raise HeadgateError(
            f"{self.path}, line {opened}: the part {_opening(name)} has no end.",
            f"Put {_CLOSING} on a line of its own where the part ends, with an empty line before it.",
        )

    @cached_property
    def _marks(self) -> tuple[tuple[str, str, int], ...]:
        return tuple(_marks(self.tokens))


def read(path: Path) -> Page:
    """Read a page; one that is not there is empty.

    Args:
        path: a Markdown file.

    Raises:
        HeadgateError: the file cannot be read, or is not UTF-8.
    """
    try:
        return Page(path, path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Page(path, "")
    except (OSError, UnicodeDecodeError) as error:
        raise HeadgateError(f"{path} cannot be read: {error}.", "Make it a readable file in UTF-8.") from error


def table(*rows: Iterable[str], head: bool = True) -> str:
    """Give rows of cells as a Markdown table.

    Args:
        rows: the cells of each row; blanks in a cell are made one, and a bar is kept from ending the cell.
        head: whether the first row is the head.
    """
    lines = [f"| {' | '.join(' '.join(cell.split()).replace('|', chr(92) + '|') for cell in row)} |" for row in rows]
    if head:
        lines.insert(1, f"|{'---|' * len(list(rows[0]))}")
    return "\n".join(lines)


_CLOSING = "<!-- headgate: end -->"


def _opening(name: str) -> str:
    return f"<!-- headgate: {name} -->"


def _slug(heading: str) -> str:
    """Spell a heading as GitHub does for its anchor: lower case, blanks as dashes, other punctuation left out."""
    kept = (sign for sign in heading.strip().lower() if sign.isalnum() or sign in "-_ ")
    return "".join(kept).replace(" ", "-")


def _marks(tokens: tuple[Token, ...]) -> Iterator[tuple[str, str, int]]:
    for block in tokens:
        line = block.map[0] + 1 if block.map else 1
        if block.type == "html_block":
            yield from _html(block.content, line)
        for token in block.children or ():
            if token.type in {"softbreak", "hardbreak"}:
                line += 1
            elif token.type == "html_inline":
                yield from _html(token.content, line)
            for name in ("href", "src"):
                if name in token.attrs:
                    yield name, str(token.attrs[name]), line


def _html(text: str, line: int) -> Iterator[tuple[str, str, int]]:
    found: list[tuple[str, str, int]] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            wanted: Mapping[str, str | None] = dict(attrs)
            offset = self.getpos()[0] - 1
            found.extend((name, wanted[name] or "", line + offset) for name in _ATTRIBUTES if name in wanted)

    Reader().feed(text)
    yield from found


_ATTRIBUTES = ("href", "src", "id", "name")
