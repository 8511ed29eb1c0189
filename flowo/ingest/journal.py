"""Batches as heard: read from a request's body with every limit asked, kept compressed."""

from __future__ import annotations

import dataclasses
import json
import zlib
from typing import Any

import orjson

from flowo.errors import Conflict, Invalid, Malformed, TooLarge, Unsupported
from flowo.settings import Settings

REPLACEMENT = "\ufffd"  # what PostgreSQL cannot keep: NUL bytes and lone surrogates
MOST_PLANNED = 1_000_000  # jobs, and what they need, in the plans of one batch: each costs far more than its bytes
MAX_SEQ = 2**53  # beyond it JSON numbers lose their units place


@dataclasses.dataclass(slots=True)
class Batch:
    """Decoded lines, and the bytes to keep; the numbers are as they came until `after` has looked at them."""

    lines: list[dict[str, Any]]
    raw: list[bytes]

    @property
    def first_seq(self) -> int:
        return int(self.lines[0]["seq"])

    @property
    def last_seq(self) -> int:
        return int(self.lines[-1]["seq"])

    def after(self, held: int) -> Batch:
        """What is new beyond the number held, in one row of numbers: what was held before, be it in this batch,
        is passed over.

        Raises Conflict with `expected` where numbers are missing; nothing of the batch is to be taken then.
        """
        new = Batch([], [])
        last = held
        for line, raw in zip(self.lines, self.raw, strict=True):
            seq = line["seq"]
            if seq <= last:
                continue
            if seq != last + 1:
                missing = f"Event {last + 1} is" if seq == last + 2 else f"Events {last + 1} to {seq - 1} are"
                raise Conflict(f"{missing} missing; send from {held + 1} on, without gaps.", expected=held + 1)
            last = seq
            new.lines.append(line)
            new.raw.append(raw)
        return new

    def body(self) -> bytes:
        """NDJSON, zlib; level 3 costs a third of level 6 and keeps within a tenth of its size here."""
        return zlib.compress(b"\n".join(self.raw), 3)


def decompressed(body: bytes, encoding: str | None, most: int) -> bytes:
    """The body without its Content-Encoding, never more than `most` bytes of it in memory."""
    match (encoding or "identity").strip().lower():
        case "identity":
            data = body
        case "gzip" | "x-gzip" | "deflate":
            try:
                data = _inflated(body, most + 1)
            except zlib.error as error:
                raise Malformed(f"The body is not what Content-Encoding says: {error}.") from error
        case other:
            raise Unsupported(f"Content-Encoding {other[:40]!r} is not known here; use gzip, deflate or identity.")
    if len(data) > most:
        raise TooLarge(
            f"The batch is larger than {most} bytes after decompression; send smaller batches.",
            limit="max_batch",
        )
    return data


def _inflated(body: bytes, most: int) -> bytes:
    """At most `most` bytes of what was compressed: gzip, of which several may follow each other, or zlib."""
    parts: list[bytes] = []
    while most > 0:
        inflate = zlib.decompressobj(wbits=47)  # 32 + 15: gzip or zlib by its header
        parts.append(inflate.decompress(body, most))
        most -= len(parts[-1])
        if most > 0 and not inflate.eof:
            raise Malformed("The compressed body ends too early; send it again.")
        body = inflate.unused_data.lstrip(b"\0")  # some fill up the last block
        if not body:
            break
    return b"".join(parts)


def cleansed(value: Any) -> Any:
    """`value` without what PostgreSQL cannot keep."""
    if isinstance(value, str):
        return value.replace("\x00", REPLACEMENT).encode("utf-8", "replace_surrogate").decode()
    if isinstance(value, list):
        return [cleansed(item) for item in value]
    if isinstance(value, dict):
        return {cleansed(key): cleansed(item) for key, item in value.items()}
    return value


def _replace_surrogate(error: UnicodeError) -> tuple[bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return REPLACEMENT.encode() * (error.end - error.start), error.end


def _register() -> None:
    import codecs

    codecs.register_error("replace_surrogate", _replace_surrogate)


_register()


def _decoded(line: bytes, number: int) -> dict[str, Any]:
    try:
        try:
            event = orjson.loads(line)
        except orjson.JSONDecodeError:
            # Lone surrogates, NaN and big integers: the standard library's reader takes them.
            event = cleansed(json.loads(line))
        else:
            event = cleansed(event) if b"\\u" in line else event
    except (ValueError, RecursionError) as error:
        raise Invalid(f"Line {number} is not JSON: {str(error)[:200]}.", "body", line=number) from error
    if not isinstance(event, dict):
        raise Invalid(f"Line {number} is not an object.", "body", line=number)
    return event


def read_batch(data: bytes, settings: Settings) -> Batch:
    """The events of NDJSON, each with a number; anything else is refused as a whole and nothing is kept."""
    count = data.count(b"\n") + (not data.endswith(b"\n"))
    if count > settings.max_events:  # asked before they are parted: each line costs fifty bytes
        raise TooLarge(
            f"The batch holds {count} lines, more than {settings.max_events} events; send smaller batches.",
            limit="max_events",
        )
    raw = [line for line in data.split(b"\n") if line.strip()]
    if not raw:
        raise Invalid("The batch holds no event.", "body")
    lines: list[dict[str, Any]] = []
    planned = 0
    for number, line in enumerate(raw, start=1):
        if len(line) > settings.max_event:
            raise TooLarge(f"Line {number} is larger than {settings.max_event} bytes.", limit="max_event", line=number)
        event = _decoded(line, number)
        seq = event.get("seq")
        if type(seq) is not int or not 0 < seq < MAX_SEQ:
            raise Invalid(f"Line {number} has no `seq`, a whole number from 1.", "body", line=number)
        if event.get("kind") == "plan" and isinstance(jobs := event.get("jobs"), list):
            planned += len(jobs) + sum(
                len(n) for j in jobs if isinstance(j, dict) and isinstance(n := j.get("needs"), list)
            )
            if planned > MOST_PLANNED:
                raise TooLarge(
                    f"The plans of the batch name more than {MOST_PLANNED} jobs; send smaller batches.", limit="planned"
                )
        lines.append(event)
    return Batch(lines, raw)
