"""The command that runs again only what failed."""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from flowo.runs.rerun import Failed, command, shell, targets

SNAKEMAKE = Path(sys.executable).parent / "snakemake"


@pytest.mark.parametrize(
    ("argv", "made"),
    [
        ("/env/bin/snakemake -c 4", "snakemake -c 4 --rerun-incomplete --until a b"),
        ("/x/snakemake/__main__.py --ri -j8", "snakemake --ri -j8 --until a b"),
        ("snakemake all -c 4", "snakemake all -c 4 --rerun-incomplete --until a b"),
        ("snakemake -c 4 -- all", "snakemake -c 4 --rerun-incomplete --until a b -- all"),
        ("snakemake -F -c 4 --force", "snakemake -c 4 --rerun-incomplete --until a b"),
        ("snakemake -kpF -c 4", "snakemake -kp -c 4 --rerun-incomplete --until a b"),
        ("snakemake -nF -c 4", "snakemake -c 4 --rerun-incomplete --until a b"),
        ("snakemake -R x y -c 4", "snakemake -c 4 --rerun-incomplete --until a b"),
        ("snakemake --forcerun=x -c 4 -U x y", "snakemake -c 4 --rerun-incomplete --until a b"),
        ("snakemake -R x -- all", "snakemake --rerun-incomplete --until a b -- all"),
        ("snakemake --config x=1 y=2", "snakemake --config x=1 y=2 --rerun-incomplete --until a b"),
    ],
)
def test_the_runs_own_command_changed(argv: str, made: str) -> None:
    assert " ".join(command(argv.split(), ["a", "b"])) == made


def test_what_is_named_of_the_failed() -> None:
    failed = [
        Failed("map", ["out/A 1.bam", "out/A1.bai"]),
        Failed("pipe", ["x.fifo (pipe)"]),
        Failed("pipe", ["s3://bucket/x"]),
        Failed("odd", ["-x"]),
        Failed("same", ["map"]),
    ]
    assert targets(failed, {"map", "pipe", "odd", "same"}) == ["out/A 1.bam", "pipe", "./-x", "./map"]
    words = command(["snakemake", "--config", "name=it's"], ["out/A 1.bam"])
    assert shell("/data/my runs", words) == (
        "cd '/data/my runs' && snakemake --config 'name=it'\"'\"'s' --rerun-incomplete --until 'out/A 1.bam'"
    )


SNAKEFILE = """
rule all:
    input: expand("out/{s}.done", s=["a", "b", "c"]), "side.txt"
rule up:
    output: "up/{s}.txt"
    shell: "echo {wildcards.s} > {output}"
rule mid:
    input: "up/{s}.txt"
    output: "mid/{s} of.txt"
    shell: "test {wildcards.s} != b -o -e mended && echo {wildcards.s} > {output:q}"
rule fin:
    input: "mid/{s} of.txt"
    output: "out/{s}.done"
    shell: "touch {output}"
rule side:
    output: "side.txt"
    shell: "touch {output}"
"""


async def run(argv: Sequence[str], folder: Path) -> str:
    process = await asyncio.create_subprocess_exec(
        *argv, cwd=folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    output, _ = await process.communicate()
    return output.decode()


def made(folder: Path) -> dict[str, int]:
    """The workflow's files, and when each was written."""
    return {str(path.relative_to(folder)): path.stat().st_mtime_ns for path in folder.rglob("[!.]*.*") if path.is_file()
            and ".snakemake" not in path.parts}  # fmt: skip


@pytest.mark.all
@pytest.mark.parametrize("more", [[], ["all"], ["--until", "fin"], ["-F"], ["-R", "up"]])
async def test_snakemake_runs_what_failed_and_nothing_else(tmp_path: Path, more: list[str]) -> None:
    (tmp_path / "Snakefile").write_text(SNAKEFILE)
    argv = [str(SNAKEMAKE), "-c2", "-k", *more]
    await run(argv, tmp_path)
    assert not (tmp_path / "mid" / "b of.txt").exists()
    assert (tmp_path / "out" / "c.done").exists()
    (tmp_path / "mended").touch()
    (tmp_path / "side.txt").unlink(missing_ok=True)  # missing as well, and no part of what failed
    shutil.rmtree(tmp_path / "out")
    before = made(tmp_path)
    again = command(argv, targets([Failed("mid", ["mid/b of.txt"])], {"all", "up", "mid", "fin", "side"}))
    said = await run([str(SNAKEMAKE), *again[1:]], tmp_path)
    assert (tmp_path / "mid" / "b of.txt").read_text() == "b\n", said
    after = made(tmp_path)
    assert after.keys() - before.keys() == {"mid/b of.txt"}
    assert {path: after[path] for path in before} == before
