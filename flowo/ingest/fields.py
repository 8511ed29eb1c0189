"""Fields of events as tables can hold them: what comes from anywhere is made to fit, or refused for its event."""

from __future__ import annotations

import datetime as dt
from typing import Any

NAME_LENGTH = 1_000  # characters of names, ids, paths of a run; longer ones are no names
NAME_BYTES = 2_000  # of the same in UTF-8: several stand in an index, whose rows end at 2,704
WILDCARD_BYTES = 500  # of a wildcard's name: it stands in an index together with a value of NAME_BYTES
MAX_NUMBER = 2**31 - 1  # a job's number is a PostgreSQL integer
MOST_EXPECTED = 1_000_000_000  # jobs that all rules together can announce: their sum is a PostgreSQL integer too
EARLIEST, LATEST = 0.0, 253_402_300_000.0  # seconds since the epoch that a timestamp can tell: 1970 to 9999


class Unreadable(ValueError):
    """A field that an event cannot do without is not what it must be."""


def name(value: Any) -> str:
    if value is None:
        return ""
    text = str(value)[:NAME_LENGTH]
    if text.isascii() or len(text) * 4 <= NAME_BYTES:
        return text
    return text.encode()[:NAME_BYTES].decode(errors="ignore")


def optional(value: Any) -> str | None:
    return None if value is None else name(value)


def number(value: Any) -> int:
    if type(value) is not int or not 0 <= value <= MAX_NUMBER:
        raise Unreadable(f"{str(value)[:40]!r} is not a job's number")
    return value


def small(value: Any) -> int | None:
    return value if type(value) is int and -MAX_NUMBER <= value <= MAX_NUMBER else None


def texts(value: Any) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else []


def wildcards(value: Any) -> dict[str, str]:
    return {str(k): name(v) for k, v in value.items()} if isinstance(value, dict) else {}


def moment(at: Any) -> dt.datetime:
    if isinstance(at, bool) or not isinstance(at, int | float) or not EARLIEST <= at <= LATEST:
        raise Unreadable("`at` is not a time in seconds since the epoch")
    return dt.datetime.fromtimestamp(at, dt.UTC)
