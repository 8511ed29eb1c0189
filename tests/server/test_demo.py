"""The demo as the server starts it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from flowo.demo import launch


async def test_a_demo_that_is_being_started_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ready = asyncio.Event()

    async def slowly(*_arguments: Any, **_more: Any) -> None:
        await ready.wait()
        raise ProcessLookupError

    monkeypatch.setattr(asyncio, "create_subprocess_exec", slowly)
    demo = launch.Demo(tmp_path)
    starting = asyncio.create_task(demo.start())
    await asyncio.sleep(0)
    assert demo.running
    ready.set()
    with pytest.raises(ProcessLookupError):
        await starting
    assert not demo.running
