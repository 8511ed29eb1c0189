"""Reads runs from the server for the command line: the newest, or the one that a person means."""

from __future__ import annotations

import contextlib
import string
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from snakemake_logger_plugin_flowo.client import Client, Failed, managing

_PAGES = 20  # of 500 runs, that are searched for the beginning of an id


class Reader:
    """Asks one server for runs, each time by fresh rights: an owner's last a minute, and a server may move."""

    def __init__(self, data_dir: Path | None = None) -> None:
        self.data_dir = data_dir

    def ask(self, path: str, *, has: tuple[str, ...], **query: object) -> Any:
        client = managing(self.data_dir)
        try:
            return client.ask("GET", f"/api/v1/runs{path}" + (f"?{urlencode(query)}" if query else ""), has=has)
        except Failed as error:
            if error.status == 403:
                raise Failed(
                    f"{client.label} does not let this token read: a token of scope read is needed"
                    " (`flowo token create --name NAME --scope read` where the server is)",
                    status=403,
                ) from error
            raise

    def run(self, run_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.ask(f"/{run_id}", has=("id", "status", "jobs"))
        return found

    def newest(self, limit: int) -> dict[str, Any]:
        return self._page(limit=limit)

    def find(self, text: str) -> dict[str, Any]:
        """The run of this id, of the only id that begins so, or the newest of this name."""
        with contextlib.suppress(ValueError):
            wanted = str(uuid.UUID(text))
            try:
                return self.run(wanted)
            except Failed as error:
                if error.status != 404:
                    raise
                raise Failed(f"there is no run {text}, or it is not shown to you", status=404) from error
        begin = text.lower()
        if len(begin) >= 4 and set(begin) <= {*string.hexdigits, "-"}:
            matches = self._beginning(begin)
            if len(matches) > 1:
                shown = ", ".join(matches[:3]) + (", …" if len(matches) > 3 else "")
                raise Failed(f"several runs begin with {text}: {shown}")
            if matches:
                return self.run(matches[0])
        cursor: str | None = None
        for _ in range(_PAGES):
            page = self._page(q=text, limit=100, **({"cursor": cursor} if cursor else {}))
            for run in page["items"]:
                if run["name"] == text:
                    return self.run(run["id"])
            cursor = page["next"]
            if not cursor:
                break
        raise Failed(f"there is no run {text}: give an id, its first characters (4 or more), or a name")

    def link(self, run_id: str) -> str:
        client: Client = managing(self.data_dir)
        return client.connection.target.link(run_id)

    def _page(self, **query: object) -> dict[str, Any]:
        found: dict[str, Any] = self.ask("", has=("items", "next"), **query)
        return found

    def _beginning(self, begin: str) -> list[str]:
        found: list[str] = []
        cursor: str | None = None
        for _ in range(_PAGES):
            page = self._page(limit=500, **({"cursor": cursor} if cursor else {}))
            found += [run["id"] for run in page["items"] if run["id"].startswith(begin)]
            cursor = page["next"]
            if not cursor:
                break
        return found
