"""One spool on its way to one server: which lines go next, and what each answer means."""

from __future__ import annotations

import bisect
import enum
import json
import os
import time
import zlib
from pathlib import Path
from typing import NamedTuple

from snakemake_logger_plugin_flowo import spool as spools
from snakemake_logger_plugin_flowo import wire
from snakemake_logger_plugin_flowo.connection import Answer, Connection, Unreachable

BATCH_BYTES = 4_000_000  # of a batch before compression; an event alone is never larger
LONGEST_WAIT = 300.0  # s that a Retry-After can ask for
DELETED = "it was deleted on the server"
_GZIP = 31  # zlib's wbits for a gzip header
_STUBBORN = 3  # answers without progress before it counts as trouble
_ENDED = b'"kind":"run_ended"'


class Step(enum.Enum):
    SENT = "sent"  # the server has more than before, or says where to go on
    NOTHING = "nothing"  # the server has all that is in the spool
    LATER = "later"  # a passing failure: try again after a while
    PARKED = "parked"  # trying again would not help; somebody has to do something


class Outcome(NamedTuple):
    step: Step
    reason: str = ""
    wait: float | None = None  # s, when the server said how long
    reached: bool = True  # a flowo server answered


class Shipment:
    """Reads from the file only. `acked` is what the server has said it holds."""

    def __init__(self, path: Path, fd: int, run_id: str, ack: spools.Ack | None = None) -> None:
        self.path = path
        self.run_id = run_id
        self.ended = False  # run_ended is among what the server has
        self.acked = ack.acked if ack else 0
        self.workspace: str | None = None  # where the run goes instead of where it was to go
        self.gone = False  # whoever wrote the record; a run without an end is lost then
        self._fd = fd
        self._offset = ack.offset if ack else 0
        self._marks: list[tuple[int, int]] = [(0, 0)]  # (seq, offset behind it), ascending: where to rewind to
        if self.acked:
            self._marks.append((self.acked, self._offset))
        self._last = self.acked  # the highest seq seen in the file
        self._events = wire.BATCH_EVENTS
        self._replaced: dict[int, str] = {}
        self._stuck = 0

    def step(self, connection: Connection, *, timeout: float | None = None) -> Outcome:
        """Send one batch and take in the answer."""
        try:
            batch = self._batch()
        except OSError as error:
            return Outcome(Step.PARKED, f"{self.path} cannot be read: {error.strerror}", reached=False)
        if not batch:
            if self.acked > self._last:
                return Outcome(Step.PARKED, "the server has more events of this run than were recorded here")
            return Outcome(Step.NOTHING)
        packer = zlib.compressobj(1, zlib.DEFLATED, _GZIP)
        body = packer.compress(b"".join(line.data for line in batch)) + packer.flush()
        headers = {
            "Content-Type": "application/x-ndjson",
            "Content-Encoding": "gzip",
            wire.WIRE_HEADER: str(wire.WIRE_VERSION),
            wire.SENT_AT_HEADER: f"{time.time():.6f}",
        }
        if self.gone:
            headers[wire.WRITER_HEADER] = "gone"
        try:
            answer = connection.request(
                "POST", f"/api/ingest/v1/runs/{self.run_id}/events", body, headers, timeout=timeout
            )
        except Unreachable as error:
            return Outcome(Step.LATER, str(error), reached=False)
        return self._understand(answer, batch, connection)

    def doubt(self) -> None:
        """Have the server say again that it has all: the last event is sent once more, and what it lacks after that."""
        self._go_to(0)
        for line in spools.lines(self._fd, 0):
            self.acked = max(0, line.seq - 1)

    def forget(self) -> None:
        """The server does not know the run any more: send all of it again."""
        self._go_to(0)

    def _batch(self) -> list[spools.Line]:
        batch: list[spools.Line] = []
        size, expected = 0, self.acked + 1
        for line in spools.lines(self._fd, self._offset):
            self._last = max(self._last, line.seq)
            if line.seq < expected:
                continue
            if line.seq == 1 and self.workspace:
                line = line._replace(data=_into(line.data, self.workspace))
            while line.seq > expected and len(batch) < self._events:  # gone from the file
                batch.append(_gap(expected, "gone from the spool", line.end - len(line.data)))
                expected += 1
            if len(batch) >= self._events or (batch and size + len(line.data) > BATCH_BYTES):
                break
            reason = self._replaced.get(line.seq)
            batch.append(_gap(line.seq, reason, line.end) if reason else line)
            size += len(line.data)
            expected += 1
        return batch

    def _understand(self, answer: Answer, batch: list[spools.Line], connection: Connection) -> Outcome:
        where = connection.target.label
        status = answer.status
        if status == 200:
            acked = _integer(answer, "acked")
            if acked is None:
                return Outcome(Step.PARKED, f"{where} does not answer like a flowo server", reached=False)
            return self._accept(acked, batch, where)
        if status == 409:
            expected = _integer(answer, "expected")
            if expected is None or expected < 1:
                return Outcome(Step.PARKED, f"{where} refused the events ({_detail(answer)})")
            if expected == batch[0].seq:
                return self._contradiction(f"{where} refuses the event that it asks for")
            self._go_to(expected - 1)
            return Outcome(Step.SENT)
        if status == 413:
            if len(batch) > 1:
                self._events = max(1, len(batch) // 2)
            elif batch[0].seq in self._replaced:
                return Outcome(Step.PARKED, f"{where} refuses even the smallest batch as too large")
            else:
                self._replaced[batch[0].seq] = "too large for the server"
            return Outcome(Step.SENT)
        if status in (408, 425, 429) or status >= 500:
            return Outcome(Step.LATER, f"{where} answers {status}", wait=_retry_after(answer), reached=status == 429)
        if 300 <= status < 400:
            return Outcome(Step.PARKED, f"{where} redirects elsewhere ({status}): set the right address", reached=False)
        if status == 410:  # nobody wants it any more, now or later
            self.ended = True
            return Outcome(Step.PARKED, DELETED)
        if status == 401:
            refusal = connection.target.refusal
            return Outcome(Step.PARKED, f"{where} {refusal}: `flowo config set token TOKEN`, or FLOWO_TOKEN")
        if status == 403:
            return Outcome(Step.PARKED, f"{where} does not allow it with this token ({_detail(answer)})")
        ours = answer.kind.endswith("json")  # else a wrong address, or something in between
        return Outcome(Step.PARKED, f"{where} answers {status} ({_detail(answer)})", reached=ours)

    def _accept(self, acked: int, batch: list[spools.Line], where: str) -> Outcome:
        if acked < batch[0].seq:  # no progress, or a server that has lost what it had
            if acked == batch[0].seq - 1:
                return self._contradiction(f"{where} takes the events but does not keep them")
            self._go_to(acked)
            return Outcome(Step.SENT)
        self._stuck = 0
        for line in batch:
            if line.seq <= acked:
                self._offset = line.end
                if _ENDED in line.data[:80]:
                    self.ended = True
        self.acked = acked
        if acked > self._marks[-1][0]:
            self._marks.append((min(acked, batch[-1].seq), self._offset))
        for seq in [seq for seq in self._replaced if seq <= acked]:
            del self._replaced[seq]
        return Outcome(Step.SENT)

    def _contradiction(self, reason: str) -> Outcome:
        self._stuck += 1
        return Outcome(Step.PARKED if self._stuck >= _STUBBORN else Step.LATER, reason)

    def _go_to(self, acked: int) -> None:
        """Go on behind the event `acked`: back as well as forward."""
        place = bisect.bisect_right(self._marks, (acked, 1 << 62)) - 1
        self._offset = self._marks[place][1]
        del self._marks[place + 1 :]
        self.acked = acked
        self.ended = False

    def keep(self, server: str, *, final: bool = False) -> None:
        """Write down how far the server has it; when it has all of an ended run, nothing is left to do."""
        done = self.ended or final
        spools.Ack(self.acked, self._offset, server, done).save(self.path)
        if done:
            spools.unregister(self.path)
            spools.register(self.path, among=spools.sent)  # a server may lose it yet


def open_shipment(path: Path) -> Shipment:
    """The shipment of a spool that another process has written; close `fd` by `close_shipment`."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    return Shipment(path, fd, path.stem, spools.Ack.load(path))


def close_shipment(shipment: Shipment) -> None:
    os.close(shipment._fd)


def _into(first: bytes, workspace: str) -> bytes:
    """The first event of a run with another workspace."""
    return json.dumps({**json.loads(first), "workspace": workspace}, separators=(",", ":")).encode() + b"\n"


def _gap(seq: int, reason: str, end: int) -> spools.Line:
    return spools.Line(seq, wire.encode(wire.Gap(count=1, reason=reason), seq=seq, at=time.time()), end)


def _json(answer: Answer) -> dict[str, object]:
    if answer.kind.endswith("json"):
        try:
            data = json.loads(answer.body)
        except ValueError:
            return {}
        return data if isinstance(data, dict) else {}
    return {}


def _integer(answer: Answer, name: str) -> int | None:
    value = _json(answer).get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _detail(answer: Answer) -> str:
    data = _json(answer)
    return str(data.get("detail") or data.get("title") or answer.kind or "no reason given")[:300]


def _retry_after(answer: Answer) -> float | None:
    given = answer.headers.get("retry-after", "").strip()
    if given.isdigit():
        return min(float(given), LONGEST_WAIT)
    if given:
        from email.utils import parsedate_to_datetime

        try:
            return min(max(0.0, parsedate_to_datetime(given).timestamp() - time.time()), LONGEST_WAIT)
        except ValueError:
            return None
    return None
