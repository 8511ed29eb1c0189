"""The plugin's lines are whole, and leave Snakemake's whole."""

from __future__ import annotations

import io
import logging
import sys
import threading
from typing import Any

import pytest
from snakemake_logger_plugin_flowo import wire
from snakemake_logger_plugin_flowo.say import say
from snakemake_logger_plugin_flowo.verdict import short, why


class Halting(logging.StreamHandler[io.StringIO]):
    """Writes a line and its end apart, as Snakemake's does, and halts between them."""

    def __init__(self, stream: io.StringIO) -> None:
        super().__init__(stream)
        self.halts = threading.Event()

    def emit(self, record: logging.LogRecord) -> None:
        self.stream.write(record.getMessage())
        self.halts.set()
        threading.Event().wait(0.05)
        self.stream.write("\n")


def test_a_line_is_not_written_into_another(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    handler = Halting(stream)
    logger = logging.getLogger("snakemake.logging")
    logger.addHandler(handler)
    try:
        writing = threading.Thread(target=logger.warning, args=("Execute 1 jobs...",))
        writing.start()
        assert handler.halts.wait(5)
        say("recording this run")
        writing.join()
    finally:
        logger.removeHandler(handler)
    assert stream.getvalue() == "Execute 1 jobs...\nflowo: recording this run\n"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ({"exit_code": 3, "message": "Command 'x' returned non-zero exit status 3."}, "exit code 3"),
        ({"message": 'OddException in rule r in file "/w/S", line 2:\nNot as declared:\n    output: x\n        x'}, "Not as declared:"),
        ({"message": "disk\nfull\n"}, "full"),
        ({"message": "Error submitting jobscript (exit code 1):\nFor further error details see the cluster/cloud log and more."}, "Error submitting jobscript (exit code 1):"),
        ({"message": None}, "Snakemake gives no reason; what the job printed is above"),
    ],
)  # fmt: skip
def test_why_a_job_failed_in_a_few_words(error: dict[str, Any], words: str) -> None:
    assert why(wire.JobError(job=1, **error)) == words


def test_a_message_in_one_line() -> None:
    came = 'Traceback (most recent call last):\n\n  File "x.py", line 1, in f\n    f()\n'
    assert short(f"{came}OSError: [Errno 28] No space left\n") == "OSError: [Errno 28] No space left"
    assert short(f"OSError: one\nDuring handling:\n{came}OSError: two\nand more") == "OSError: two and more"
    assert short("LockException:\nError: locked") == "LockException: Error: locked"
