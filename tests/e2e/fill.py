"""`make fill`: runs in every state for a server that is there, and one that goes on before one's eyes.

python -m tests.e2e.fill DATA_DIR
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from pathlib import Path

from tests.bench import generate
from tests.e2e import made
from tests.e2e.serving import Server
from tests.factories import Tape

BEAT_S = 15.0
STEP_S = 0.3
EVENTS = 80  # told at a time of the run that goes on; as fast as its own clock goes
JOBS = 10_000


async def main(data_dir: Path) -> None:
    server = Server(data_dir)
    runs = made.everything()
    await asyncio.gather(*map(server.post, runs.values()))
    sys.stdout.write(f"{len(runs)} runs are there; one more goes on for some minutes, or until Ctrl-C\n")
    going = asyncio.create_task(go_on(server))
    while not going.done():
        await asyncio.gather(*(server.beat(runs[name]) for name in made.LIVING))
        await asyncio.wait([going], timeout=BEAT_S)
    await going


async def go_on(server: Server) -> None:
    """A run of many jobs, told as it happens."""
    tape = Tape()
    tape.lines = generate.encoded(generate.events(JOBS, rules=12, samples=300, failing=0.01, start=time.time()))
    for first in range(1, len(tape.lines), EVENTS):
        await server.post(tape, first, first + EVENTS - 1)
        await asyncio.sleep(STEP_S)


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main(Path(sys.argv[1])))
