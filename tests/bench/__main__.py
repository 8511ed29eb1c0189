"""`make bench`: measures and prints the table of figures. Ratios count; machines differ."""

from __future__ import annotations

import os
import sys

from snakemake_logger_plugin_flowo.client import managing

from tests.bench import ingest, pages, plugin, reads, scale, serving
from tests.bench.quantities import row


def main() -> None:
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # with it each process compiles all it imports, which is no user's
    parts = sys.argv[1:] or ["server", "pages", "plugin", "scale"]
    row("figure", "measured", "to reach")
    row("---", "---", "---")
    if "server" in parts:
        with serving.server() as (data_dir, address):
            url = f"postgresql://flowo@/postgres?host={data_dir}/postgres/socket"
            token = managing(data_dir).ask("POST", "/api/v1/tokens", {"name": "bench", "scope": "full"})["token"]
            ingest.stream(address, token)
            ingest.ingest(data_dir, url)
    if {"pages", "reads"} & {*parts}:
        with serving.server(quiet=True) as (data_dir, address):
            token = managing(data_dir).ask("POST", "/api/v1/tokens", {"name": "bench", "scope": "read"})["token"]
            large = pages.recorded(data_dir, 100_000, 60, 5_000)
            reads.reads(address, token, large)
            if "pages" in parts:
                pages.pages(data_dir, address, large)
    if "plugin" in parts:
        plugin.emit()
        plugin.import_time()
        plugin.runs(pairs=int(os.environ.get("PAIRS", "3")))
    if "scale" in parts:
        for what in ("emit", "fan_in", "exits"):
            scale.here(what)
        scale.whole_runs()


main()
