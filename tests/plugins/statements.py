"""Statements are compiled once a process, not once for each of the many databases that tests open: a fifth of the time
of tests that do little more than open one.

The program opens one database a process, so nothing of it is left out.
"""

from collections import defaultdict
from typing import Any, Final

from sqlalchemy import Connection, event
from sqlalchemy.engine import Dialect, Engine
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.util import LRUCache

_COMPILED: Final = defaultdict[type[Dialect], "LRUCache[Any, Any]"](lambda: LRUCache(2_000))


def pytest_configure() -> None:
    """Before any database is opened."""
    DefaultDialect.__hash__ = _kind  # type: ignore[method-assign]  # statements are kept by what they are compiled for
    DefaultDialect.__eq__ = _same  # type: ignore[method-assign]
    event.listen(Engine, "engine_connect", _share)


def _share(connection: Connection) -> None:
    connection.execution_options(compiled_cache=_COMPILED[type(connection.dialect)])


def _kind(dialect: DefaultDialect) -> int:
    return hash(type(dialect))


def _same(dialect: DefaultDialect, other: object) -> bool:
    return type(dialect) is type(other)
