"""What a browser must load before the first view, from the built pages."""

from __future__ import annotations

import gzip
import re
from importlib.resources import files
from pathlib import Path

import pytest

ASSETS = Path(str(files("flowo"))) / "static" / "assets"
BUDGET = 260_000  # bytes, gzipped


def needed(*names: str) -> set[Path]:
    """The parts with all that they import before they run."""
    todo = [next(ASSETS.glob(f"{name}-*.js")) for name in names]
    found: set[Path] = set()
    while todo:
        part = todo.pop()
        if part not in found:
            found.add(part)
            todo += [
                ASSETS / name for name in re.findall(r"""(?:from|import) ?["']\./([^"']+\.js)["']""", part.read_text())
            ]
    return found


@pytest.mark.parametrize("view", [("Runs",), ("RunPage", "JobTable"), ("RunPage", "Failures"), ("SignIn",)])
def test_the_script_before_the_first_view_is_small(view: tuple[str, ...]) -> None:
    index = (ASSETS.parent / "index.html").read_text()
    entry = re.findall(r"assets/(index)-[\w-]+\.js", index)
    parts = needed(*entry, *view)
    assert len(parts) > len(view) + 3  # the imports were found
    sizes = {part.name: len(gzip.compress(part.read_bytes(), mtime=0)) for part in parts}
    assert sum(sizes.values()) <= BUDGET, sizes
