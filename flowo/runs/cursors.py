"""Cursors of keyset pages: the sort key of the last row, opaque to the caller."""

from __future__ import annotations

import base64
import binascii
from typing import Any

import orjson

from flowo.errors import Invalid


def encode(*key: Any) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(key)).rstrip(b"=").decode()


def decode(cursor: str, *types: type) -> tuple[Any, ...]:
    """The key of a cursor whose parts have these types; anything else is a caller's mistake."""
    try:
        key = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error) as error:
        raise Invalid("This cursor is not one of ours; begin without it.") from error
    if not isinstance(key, list) or len(key) != len(types):
        raise Invalid("This cursor belongs to another list; begin without it.")
    try:
        return tuple(kind.fromisoformat(part) if hasattr(kind, "fromisoformat") else kind(part)
                     for kind, part in zip(types, key, strict=True))  # fmt: skip
    except (ValueError, TypeError, OverflowError) as error:
        raise Invalid("This cursor belongs to another list; begin without it.") from error
