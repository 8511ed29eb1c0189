"""Servers for the tests of the API: one that all share, whose runs have ids of their own, and one of a test's own."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tests.server.servers import Served, serving


@pytest.fixture(scope="session")
async def served(
    clone: Callable[[], contextlib.AbstractAsyncContextManager[str]], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Served]:
    """Shared by all tests; nobody's test may count what is in it."""
    async with clone() as url, serving(url, tmp_path_factory.mktemp("served")) as made:
        yield made


@pytest.fixture
async def alone(database_url: str, tmp_path: Path) -> AsyncIterator[Served]:
    """With a database of its own."""
    async with serving(database_url, tmp_path / "data") as made:
        yield made
