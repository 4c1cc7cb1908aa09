"""The canonical picture of a database's schema, and the difference between two of them."""

from __future__ import annotations

from headgate.catalog.diff import diff
from headgate.catalog.difference import Difference
from headgate.catalog.model import Catalog, Value
from headgate.catalog.snapshot import snapshot

__all__ = ["Catalog", "Difference", "Value", "diff", "snapshot"]
