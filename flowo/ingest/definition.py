"""Projections of what a workflow is made of: its configuration, its rules as written, the files that these name."""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import TYPE_CHECKING, Any

import orjson
from snakemake_logger_plugin_flowo import wire

from flowo.ingest.fields import Unreadable, name, optional, small, texts

if TYPE_CHECKING:
    from flowo.ingest.projector import Fold

PARTS = 50  # sources of one rule
HASHES = 200


def config(fold: Fold, event: wire.Config, _at: dt.datetime) -> None:
    fold.tell(configfiles=[name(path) for path in texts(event.files)])
    if event.config is None:
        return
    body = orjson.dumps(event.config).decode()
    if len(body) <= fold.max_text:
        key = hashlib.blake2b(body.encode(), digest_size=12).hexdigest()
        fold.blobs[key] = body
        fold.tell(config_hash=key, config_cut=event.cut is True or None)


def hashes(event: wire.Provenance) -> dict[str, str]:
    found = event.hashes if isinstance(event.hashes, dict) else {}
    return {name(path): name(value)[:128] for path, value in list(found.items())[:HASHES]}


def source(fold: Fold, event: wire.Source, _at: dt.datetime) -> None:
    fold.blobs[_key(event.hash)] = fold.text(event.text) or ""


def rule(fold: Fold, event: wire.Rule, _at: dt.datetime) -> None:
    parts = event.sources if isinstance(event.sources, list) else []
    facts: dict[str, Any] = {
        "directive": optional(event.directive), "shellcmd": fold.text(event.shellcmd), "conda": optional(event.conda),
        "container": optional(event.container), "modules": [name(word) for word in texts(event.modules)][:PARTS],
        "sources": [_part(fold, part) for part in parts[:PARTS] if isinstance(part, dict)],
    }  # fmt: skip
    fold.defined[name(event.rule)] = {key: value for key, value in facts.items() if value not in (None, [])}


def _part(fold: Fold, part: dict[str, Any]) -> dict[str, Any]:
    found = {
        "role": name(part.get("role")), "path": optional(part.get("path")), "line": small(part.get("line")),
        "text": fold.text(part.get("text")), "note": optional(part.get("note")),
        "hash": _key(part["hash"]) if part.get("hash") else None,
    }  # fmt: skip
    return {key: value for key, value in found.items() if value is not None}


def _key(value: Any) -> str:
    """A hash as it stands in `blob`: hexadecimal, or the event is refused."""
    if not isinstance(value, str) or not 16 <= len(value) <= 128 or len(bytes.fromhex(value)) * 2 != len(value):
        raise Unreadable("a hash is not one")
    return value.lower()
