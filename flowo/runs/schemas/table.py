"""Beside a page of jobs: how many there are, where pages begin, what a search may ask for."""

from __future__ import annotations

from pydantic import Field

from flowo.runs.schemas.base import Shape


class Count(Shape):
    count: int
    rules: dict[str, int] = Field({}, description="How many of them each rule has; rules without any are left out.")


class Marks(Shape):
    """Where the pages of a list begin: the i-th cursor is that of the page after `step` × (i + 1) rows."""

    step: int
    cursors: list[str]


class Neighbours(Shape):
    """Numbers of the jobs before and after one in a list; null at its ends."""

    before: int | None
    next: int | None


class WildcardValue(Shape):
    name: str
    value: str


class WildcardValues(Shape):
    items: list[WildcardValue]
