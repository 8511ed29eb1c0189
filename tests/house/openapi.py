"""The OpenAPI of the server as a text: `python tests/house/openapi.py > frontend/openapi.json` (`make client`)."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from flowo.app import create_app
from flowo.settings import Settings


def text() -> str:
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(Settings(data_dir=Path(folder)), database_url="postgresql://nobody@127.0.0.1/nothing")
        return json.dumps(app.openapi(), indent=1, sort_keys=True, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(text())
