"""One difference between two catalogs, as a sentence and as a short line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, cast

from headgate.catalog import words
from headgate.catalog.model import Value

__all__ = ["Change", "Difference"]

Change = Literal["added", "removed", "changed", "moved"]


@dataclass(frozen=True)
class Difference:
    """One thing that two catalogs do not agree on.

    Args:
        kind: what it is, in words: `column`, `foreign key`, `index`; `position` for the order of a table's columns.
        name: its name; the schema is left out when it is `public`.
        change: added (only after has it), removed (only before has it), changed, or moved (columns in another order).
        attribute: what changed: an attribute of the catalog, `name` or `kind`; None when added or removed.
        before: the value before, None for the attribute's default; for a removed object a short description of it.
        after: the value after, or the description of an added object.
    """

    kind: str
    name: str
    change: Change
    attribute: str | None = None
    before: Value | None = None
    after: Value | None = None

    def sentence(self, before: str = "the migrations", after: str = "the models") -> str:
        """The difference as one plain sentence without a full stop.

        Args:
            before: what to call the database of the first catalog.
            after: what to call that of the second.
        """
        if self.change in ("added", "removed"):
            there, not_there = (before, after) if self.change == "removed" else (after, before)
            return f"{self.kind} {self.name} {words.be(self.kind)} in {there}, not in {not_there}"
        if self.change == "moved":
            left, right = self._order()
            return f"the columns of {self.name} stand in the order {left} in {before} and {right} in {after}"
        if self.attribute == "name":
            return f"{self.kind} {self.name} in {before} is named {self.after} in {after}"
        if self.attribute == "kind":
            left, right = (words.article(str(kind)) for kind in (self.before, self.after))
            return f"{self.name} is {left} in {before} and {right} in {after}"
        verb, left, right = words.phrases(self.kind, str(self.attribute), self.before, self.after)
        return f"{self.kind} {self.name} {verb} {left} in {before} and {right} in {after}"

    @property
    def summary(self) -> str:
        """The difference as a line of an upgrade's report: `+ added`, `- removed`, `~ changed: before -> after`."""
        if self.change == "removed":
            return f"- {self.kind} {self.name}"
        if self.change == "added":
            return f"+ {self.kind} {self.name} {self.after or ''}".rstrip()
        if self.change == "moved":
            left, right = self._order()
            return f"~ columns of {self.name}: {left} -> {right}"
        if self.attribute in ("name", "kind"):
            left, right = str(self.before), str(self.after)
        else:
            _, left, right = words.phrases(self.kind, str(self.attribute), self.before, self.after)
        return f"~ {self.kind} {self.name}: {left} -> {right}"

    def _order(self) -> tuple[str, str]:
        """Both orders of the columns, without those at either end that stand where they stood."""
        was, now = list(cast("tuple[str, ...]", self.before)), list(cast("tuple[str, ...]", self.after))
        for end in (0, -1):
            while was[end] == now[end]:
                del was[end], now[end]
        return ", ".join(was), ", ".join(now)
