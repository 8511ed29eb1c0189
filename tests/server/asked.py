"""What tests post to a server and ask of it, and a run that many of them begin with."""

from __future__ import annotations

import uuid
from typing import Any

from tests import factories
from tests.factories import Line, Tape
from tests.server.servers import Served


async def post(served: Served, tape: Tape, first: int = 1, last: int | None = None) -> None:
    answer = await served.client.post(
        tape.path, content=factories.packed(tape.body(first, last)), headers=factories.headers()
    )
    assert answer.status_code == 200, answer.text


def numbered(lines: list[Line]) -> list[Line]:
    """Events of a run that opens as any, and then says these; for `send`, whole or in parts."""
    opened: Line = {"kind": "run_opened", "host": "node1", "user": "ada", "directory": "/data/odd"}
    return [{"at": 1.7e9 + i, **line, "seq": i + 1} for i, line in enumerate([opened, *lines])]


async def send(served: Served, run_id: uuid.UUID, lines: list[Line]) -> None:
    answer = await served.client.post(
        f"/api/ingest/v1/runs/{run_id}/events",
        content=factories.packed(factories.lines(*lines)),
        headers=factories.headers(),
    )
    assert answer.status_code == 200, answer.text


async def get(served: Served, path: str, **query: Any) -> Any:
    answer = await served.client.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def pages(served: Served, path: str, **query: Any) -> list[Any]:
    found: list[Any] = []
    cursor = None
    while True:
        page = await get(served, path, **query, **({"cursor": cursor} if cursor else {}))
        assert len(page["items"]) <= int(query.get("limit", 50))
        found += page["items"]
        cursor = page["next"]
        if cursor is None:
            return found


def several() -> Tape:
    """Ten jobs of two rules in every status that a running run has."""
    tape = Tape().opened(name="several", tags=["qc", "lab7"])
    tape.planned(
        {
            "job": i,
            "rule": "map" if i < 6 else "call",
            "wildcards": {"sample": f"S{i % 3}"},
            "needs": [i - 1] if i else [],
        }
        for i in range(10)
    )
    tape.info(0).info(1).info(2, local=False).info(3).finished(0).failed(1).info(1)
    return tape
