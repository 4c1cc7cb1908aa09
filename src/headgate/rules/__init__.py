"""The rules, found by folder: every module here that is not `rule.py` and has no leading underscore is one."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from headgate.rules.rule import Rule

__all__ = ["load"]


@cache
def load() -> tuple[Rule, ...]:
    """Give every rule, by name."""
    rules: list[Rule] = []
    for entry in pkgutil.iter_modules(__path__):
        if entry.name == "rule" or entry.name.startswith("_"):
            continue
        module = importlib.import_module(f"{__name__}.{entry.name}")
        rules.append(module.RULE)
    return tuple(sorted(rules, key=lambda rule: rule.name))
