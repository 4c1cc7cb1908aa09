"""Rows for every table of a database, made from its catalog alone."""

from __future__ import annotations

from headgate.rehearsal.rows.fill import Filled, fill

__all__ = ["Filled", "fill"]
