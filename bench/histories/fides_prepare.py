"""Have fides, which is written for SQLAlchemy 1.4, run on 2.0."""

import os
from collections.abc import Callable
from typing import Any

import sqlalchemy.engine
import sqlalchemy.ext.declarative
from sqlalchemy import Connection, Row, text
from sqlalchemy.orm import Mapper, declared_attr
from sqlalchemy.orm.dynamic import DynaLoader

_make_base, _execute = sqlalchemy.ext.declarative.declarative_base, Connection.execute
_options = Connection.execution_options
_instrument, _item = DynaLoader.init_class_attribute, Row.__getitem__


def _declarative_base(*, cls: Any, **named: Any) -> Any:
    cls.__allow_unmapped__ = True  # annotations that are no `Mapped[]`
    return _make_base(cls=cls, **named)


def _takes_text(self: Connection, statement: Any, *rest: Any, **named: Any) -> Any:
    return _execute(self, text(statement) if isinstance(statement, str) else statement, *rest, **named)


def _stays(self: Connection, **named: Any) -> Connection:
    named.pop("stream_results", None)  # meant for one statement: 1.4 gave a copy of the connection
    return _options(self, **named)


def _takes_name(self: Row[Any], key: Any) -> Any:
    return self._mapping[key] if isinstance(key, str) else _item(self, key)


def _takes_one(self: DynaLoader, mapper: "Mapper[Any]") -> None:
    if self.parent_property.uselist:
        _instrument(self, mapper)


def within(function: Callable[[], None]) -> None:
    """Call a function where 1.4's spelling is understood."""
    sqlalchemy.engine.LegacyCursorResult = sqlalchemy.engine.CursorResult
    sqlalchemy.ext.declarative.declarative_base = _declarative_base
    declared_attr._collect_return_annotation = lambda self: None
    DynaLoader.init_class_attribute = _takes_one
    Connection.execution_options = _stays
    Connection.execute, Row.__getitem__ = _takes_text, _takes_name
    from fides.config import CONFIG

    CONFIG.database.sync_database_uri = CONFIG.database.sqlalchemy_database_uri = os.environ["DATABASE_URL"]
    function()
