"""Copies of live objects as plain data, without running any code of theirs: no `__str__`, `__iter__`, `__fspath__`."""

from __future__ import annotations

import pathlib
from typing import Any

VALUE_KEPT = 2_000  # characters of one value
ITEMS_KEPT = 100  # of one list or mapping in the parameters of a job
DEPTH = 4


class Copier:
    """Copies within bounds. `cut`: whether anything was left out; `nodes`: how many values may still be copied."""

    def __init__(self, *, items: int = ITEMS_KEPT, depth: int = DEPTH, nodes: int = 1_000_000) -> None:
        self.items = items
        self.depth = depth
        self.nodes = nodes
        self.cut = False

    def copy(self, value: Any, depth: int = 0) -> Any:
        """A JSON value; of an object that is not plain data its type only."""
        kind = type(value)
        if value is None or kind is bool or kind is int or kind is float:
            return value
        self.nodes -= 1
        if kind is str:
            return value if len(value) <= VALUE_KEPT else self._shortened(value)
        if issubclass(kind, str):  # Snakemake's files and templates
            return self._shortened(str.__str__(value))
        if issubclass(kind, int):
            return int.__int__(value)
        if issubclass(kind, float):
            return float.__float__(value)
        if issubclass(kind, dict):
            return self._mapping(value, depth)
        if issubclass(kind, list | tuple | set | frozenset):
            return self._list(value, depth)
        if issubclass(kind, pathlib.PurePath) and kind.__module__.startswith("pathlib"):
            return self._shortened(pathlib.PurePath.__str__(value))
        if kind.__module__ == "numpy" and hasattr(kind, "item") and value.ndim == 0:
            return self.copy(value.item(), depth)
        return f"<{kind.__name__}>"

    def _mapping(self, value: dict[Any, Any], depth: int) -> Any:
        if depth >= self.depth or self.nodes <= 0:
            self.cut = True
            return "<…>"
        copied: dict[str, Any] = {}
        for key, item in dict.items(value):
            if len(copied) >= self.items or self.nodes <= 0:
                self.cut = True
                break
            copied[str(self.copy(key, self.depth))[:200]] = self.copy(item, depth + 1)
        return copied

    def _list(self, value: Any, depth: int) -> Any:
        if depth >= self.depth or self.nodes <= 0:
            self.cut = True
            return "<…>"
        base = next(base for base in (list, tuple, set, frozenset) if issubclass(type(value), base))
        copied: list[Any] = []
        for item in base.__iter__(value):
            if len(copied) >= self.items or self.nodes <= 0:
                self.cut = True
                break
            copied.append(self.copy(item, depth + 1))
        return copied

    def _shortened(self, text: str) -> str:
        if len(text) <= VALUE_KEPT:
            return text
        self.cut = True
        return text[:VALUE_KEPT] + "…"


def plain(value: Any) -> Any:
    """A small JSON value of one parameter."""
    return Copier().copy(value)


def params(found: Any) -> Any:
    """Snakemake's Params: the named ones by name, the others by position."""
    try:
        if issubclass(type(found), dict):
            return plain(found)
        names = dict(found._get_names())
        named: set[int] = set()
        for begin, end in names.values():
            named.update([begin] if end is None else range(begin, end))
        items = list(list.__iter__(found))
        unnamed = (position for position in range(min(len(items), ITEMS_KEPT)) if position not in named)
        copied = {str(position): plain(items[position]) for position in unnamed}
        for name, (begin, end) in names.items():
            copied[str(name)] = plain(items[begin] if end is None else items[begin:end])
        return copied
    except Exception:
        return None
