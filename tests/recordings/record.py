"""Makes a recording: `python -m tests.recordings.record NAME WORKFLOW [OPTION …]` runs Snakemake on a copy of the
workflow in `tests/workflows` and leaves `NAME.jsonl.gz` here, with the paths of this machine replaced."""

from __future__ import annotations

import gzip
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
WORKFLOWS = HERE.parent / "workflows"


def main(name: str, workflow: str, *options: str) -> int:
    with tempfile.TemporaryDirectory() as folder:
        place, heard = Path(folder) / "run", Path(folder) / "heard.jsonl"
        shutil.copytree(WORKFLOWS / workflow, place)
        environment = {**os.environ, "RECORDING": str(heard), "PYTHONPATH": str(HERE)}
        command = [sys.executable, "-m", "snakemake", *(options or ("-c2",)), "--logger", "recorder"]
        code = subprocess.run(command, cwd=place, env=environment, check=False).returncode
        text = heard.read_text()
    replaced = {str(place): f"/data/{name}", folder: "/data", sys.prefix: "/env", os.uname().nodename: "host"}
    for here, there in replaced.items():
        text = text.replace(here, there)
    with gzip.GzipFile(HERE / f"{name}.jsonl.gz", "wb", mtime=0) as file:
        file.write(text.encode())
    print(f"exit code {code}, {len(text.splitlines())} lines")  # noqa: T201
    return 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
