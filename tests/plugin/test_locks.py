"""A workflow's directory may be on a file system without locks (NFS without lockd, FUSE): none is ever asked for."""

from __future__ import annotations

import ast
from pathlib import Path

import snakemake_logger_plugin_flowo

LOCKING = {"fcntl", "msvcrt", "sqlite3", "filelock", "portalocker", "dbm", "shelve"}


def test_the_plugin_takes_no_locks() -> None:
    imported: set[str] = set()
    for file in Path(snakemake_logger_plugin_flowo.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                imported |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported.add((node.module or "").partition(".")[0])
            elif isinstance(node, ast.Attribute):
                assert node.attr not in ("flock", "lockf"), file
    assert "threading" in imported
    assert not imported & LOCKING
