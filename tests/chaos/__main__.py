"""`make chaos`: prints what was killed and what came of it; ends with 1 when anything was lost, twice or wrong.

CASES, RUNS, JOBS, TOGETHER and SEED in the environment change how much of it there is, KEEP keeps the directories. Words on the command line: `orders`, `runs`.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys

from tests import conftest
from tests.chaos.orders import orders
from tests.chaos.runs import runs


def _number(name: str, default: int) -> int:
    return int(os.environ.get(name) or default)


def main() -> int:
    parts = sys.argv[1:] or ["orders", "runs"]
    seed = _number("SEED", random.randrange(1_000_000))
    right = True
    if "orders" in parts:
        right &= asyncio.run(orders(_number("CASES", 1_000), seed))
    if "runs" in parts:
        right &= asyncio.run(runs(_number("RUNS", 50), _number("JOBS", 100), _number("TOGETHER", 3), seed))
    conftest.pytest_unconfigure()
    return 0 if right else 1


sys.exit(main())
