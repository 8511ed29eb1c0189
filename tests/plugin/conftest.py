"""Fixtures for the plugin's tests: a home of their own, and a fake server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from plugin.peer import Peer


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No test reads or writes the configuration, state or servers of whoever runs it."""
    place = tmp_path / "home"
    for variable, folder in (("XDG_CONFIG_HOME", "config"), ("XDG_STATE_HOME", "state"), ("XDG_DATA_HOME", "share")):
        monkeypatch.setenv(variable, str(place / folder))
    monkeypatch.setenv("FLOWO_DATA_DIR", str(place / "data"))
    monkeypatch.delenv("FLOWO_URL", raising=False)
    monkeypatch.delenv("FLOWO_TOKEN", raising=False)
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    return place


@pytest.fixture
def peer() -> Iterator[Peer]:
    server = Peer()
    yield server
    server.stop()
