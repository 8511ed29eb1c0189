"""What Snakemake's records hold, as texts, numbers and lists of our own: its strings carry live objects."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

FILES_KEPT = 10_000  # of one list of files; `inputs_total` tells how many there were
TEXT_KEPT = 256 * 1024  # characters of one text


def as_integer(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def as_seconds(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 < value < 1e11 else None  # false for NaN as well


def cut(text: str, longest: int = TEXT_KEPT) -> str:
    """The text, or its beginning and a remark that it was longer."""
    return text if len(text) <= longest else f"{text[:longest]}… (cut, {len(text)} characters in all)"


def as_text(value: object) -> str:
    # a copy, since Snakemake's strings are subclasses that carry live objects
    text = value if type(value) is str else str(value)
    return text if len(text) <= TEXT_KEPT else cut(text)


def as_text_or_none(value: object) -> str | None:
    if value is None or (type(value) is str and len(value) <= TEXT_KEPT):
        return value
    return as_text(value)


def as_files(value: object) -> list[str]:
    if not value:
        return []
    if not isinstance(value, list) and (isinstance(value, str) or not isinstance(value, Iterable)):
        return [as_text(value)]
    files = list(value)
    if len(files) > FILES_KEPT:
        files = files[:FILES_KEPT]
    return [file if type(file) is str and len(file) <= TEXT_KEPT else as_text(file) for file in files]


def total_of(value: Any, kept: list[str]) -> int | None:
    """How many there were, where not all are kept."""
    return len(value) if len(kept) == FILES_KEPT and hasattr(value, "__len__") and len(value) > FILES_KEPT else None


def as_pairs(value: Any) -> dict[str, Any]:
    """A copy of something with `items()` (ResourceList, Resources, a dict) as JSON values."""
    if value is None or not hasattr(value, "items"):
        return {}
    return {
        (key if type(key) is str else as_text(key)): (item if type(item) is int else plain(item))
        for key, item in value.items()
    }


def as_words(value: Any) -> dict[str, str]:
    if not value:
        return {}
    return {
        (key if type(key) is str else as_text(key)): (
            item if type(item) is str and len(item) <= TEXT_KEPT else as_text(item)
        )
        for key, item in value.items()
    }


def as_resources(value: Any) -> dict[str, Any]:
    if value is None or not hasattr(value, "items"):
        return {}
    pairs: dict[str, Any] = {}
    for key, item in value.items():
        name = key if type(key) is str else as_text(key)
        if not name.startswith("_"):
            pairs[name] = item if type(item) is int else plain(item)
    return pairs


def plain(value: Any) -> Any:
    """A JSON value for one resource: numbers and truths as they are, everything else as text."""
    if value is None or type(value) in (int, bool):
        return value
    if type(value) is str:
        return value if len(value) <= TEXT_KEPT else cut(value)
    if isinstance(value, bool):
        return bool(value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value) if abs(value) < float("inf") else str(value)  # false for NaN as well
    if hasattr(value, "value") and not isinstance(value, str):  # snakemake.resources.Resource
        return plain(value.value)
    return as_text(value)
