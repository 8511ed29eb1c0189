"""What a run page asks of a run of 100,000 jobs: a page of jobs by every filter and sort, and the answers for all jobs."""

from __future__ import annotations

import time

import httpx

from flowo.runs import table
from tests.bench.quantities import quantile, row

SORTS = ["number", *table.SORTS, "wildcard:sample", "wildcard:unit"]
FILTERS = [
    "", "status=failed", "status=succeeded", "rule=align", "wildcard=sample:S00042", "q=S0004", "q=align", "q=a",
    "q=nothing", "id=5000", "status=succeeded&q=unit:0",
]  # fmt: skip
WHOLE = {
    "": "≤ 50 ms", "/rules": "≤ 300 ms", "/rulegraph": "≤ 50 ms", "/failures": "≤ 50 ms", "/failures/groups": "≤ 50 ms",
    "/jobs/count?q=S0004": "≤ 100 ms", "/jobs/marks?step=200&sort=-status": "≤ 300 ms", "/jobs/50000": "≤ 100 ms",
    "/log?limit=500": "≤ 100 ms", "/grid": "≤ 1 s", "/spans": "≤ 3 s", "/graph": "≤ 3 s, ≤ 4 MB",
}  # fmt: skip


UPKEEP_S = 70  # PostgreSQL looks by itself each minute at what changed


def reads(address: str, token: str, run: str, goes: int = 4) -> None:
    began = time.monotonic()
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=address, headers=headers, timeout=60) as client:

        def times(path: str, many: int) -> tuple[list[float], int]:
            """Milliseconds of each request but the first, and the bytes of an answer as it came."""
            taken: list[float] = []
            for _ in range(many + 1):
                began = time.perf_counter()
                with client.stream("GET", f"/api/v1/runs/{run}{path}") as answer:
                    size = sum(map(len, answer.iter_raw()))
                assert answer.status_code == 200, (path, answer.status_code)
                taken.append((time.perf_counter() - began) * 1000)
            return taken[1:], size

        queries = [f"sort={down}{key}&{left}".rstrip("&") for key in SORTS for down in ("", "-") for left in FILTERS]
        for when in ("just recorded", "a minute later"):  # by then PostgreSQL has tidied the table up
            pages = {query: times(f"/jobs?limit=200&{query}", goes)[0] for query in queries}
            slowest = max(pages, key=lambda query: quantile(pages[query], 0.5))
            every = [taken for of_one in pages.values() for taken in of_one]
            row(
                f"page of 200 jobs of 100,000, {when}, {len(queries)} filters with sorts",
                f"p50 {quantile(every, 0.5):.0f} ms, p95 {quantile(every, 0.95):.0f} ms; slowest {slowest}:"
                f" p50 {quantile(pages[slowest], 0.5):.0f} ms",
                "p95 ≤ 50 ms",
            )
            time.sleep(max(0.0, began + UPKEEP_S - time.monotonic()))
        for path, aim in WHOLE.items():
            taken, size = times(path, 3)
            row(f"run of 100,000 jobs, GET {path or 'itself'}", f"{min(taken):.0f} ms, {size / 1e3:,.0f} kB", aim)
