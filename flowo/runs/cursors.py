"""Cursors of keyset pages: the sort key of the last row, opaque to the caller."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import math
import uuid
from collections.abc import Callable
from typing import Any

import orjson

from flowo.errors import Invalid

Part = Callable[[Any], Any]


def encode(*key: Any) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(key)).rstrip(b"=").decode()


def decode(cursor: str, *parts: Part) -> tuple[Any, ...]:
    """The key of a cursor that consists of these parts; anything else is a caller's mistake."""
    try:
        key = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error) as error:
        raise Invalid("This cursor is not one of ours; begin without it.", "query", "cursor") from error
    if not isinstance(key, list) or len(key) != len(parts):
        raise Invalid("This cursor belongs to another list; begin without it.", "query", "cursor")
    try:
        return tuple(part(value) for part, value in zip(parts, key, strict=True))
    except (ValueError, TypeError, OverflowError) as error:
        raise Invalid("This cursor belongs to another list; begin without it.", "query", "cursor") from error


# The parts of keys, each only as PostgreSQL takes it; all raise ValueError, TypeError or OverflowError.


def whole(bits: int) -> Part:
    """A number from 0 that a signed integer of so many bits holds."""

    def read(value: Any) -> int:
        if type(value) is not int or not 0 <= value < 2 ** (bits - 1):
            raise ValueError
        return value

    return read


def signed(value: Any) -> int:
    """A number that PostgreSQL's integer holds."""
    if type(value) is not int or not -(2**31) <= value < 2**31:
        raise ValueError
    return value


def real(value: Any) -> float:
    if not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError
    return float(value)


def word(value: Any) -> str:
    if not isinstance(value, str) or "\0" in value:
        raise ValueError
    return value


def moment(value: Any) -> dt.datetime:
    at = dt.datetime.fromisoformat(value)
    if at.tzinfo is None:
        raise ValueError
    return at.astimezone(dt.UTC)


def identity(value: Any) -> uuid.UUID:
    return uuid.UUID(word(value))
