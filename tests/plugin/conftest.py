"""Fixtures for the plugin's tests: a home of their own, and a fake server."""

from __future__ import annotations

import atexit
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from snakemake_logger_plugin_flowo import LogHandler
from snakemake_logger_plugin_flowo import sender as sending

from tests.plugin.peer import Peer


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


@pytest.fixture(autouse=True)
def no_handler_outlives_its_test(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What a handler leaves for the interpreter's exit is done, and forgotten, at the end of the test."""
    left: list[Callable[[], None]] = []
    register, unregister = atexit.register, atexit.unregister

    def kept(function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        if isinstance(getattr(function, "__self__", None), LogHandler):
            left.append(function)
            return function
        return register(function, *arguments, **named)

    def forgotten(function: Callable[..., Any]) -> None:
        left[:] = [one for one in left if one != function]
        unregister(function)

    monkeypatch.setattr(atexit, "register", kept)
    monkeypatch.setattr(atexit, "unregister", forgotten)
    yield
    for function in left:
        function()


@pytest.fixture
def peer() -> Iterator[Peer]:
    server = Peer()
    yield server
    server.stop()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sender with a token, that backs off as always, but from a tenth of the time."""
    monkeypatch.setattr(sending, "OWN_BACKOFF", 0.2)
    monkeypatch.setattr(sending, "LONGEST_BACKOFF", 0.3)
    monkeypatch.setenv("FLOWO_TOKEN", "t")
