"""What is read of a log: regular files of this user alone that this attempt wrote, a little at a time, in whole lines."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest
from snakemake_logger_plugin_flowo import peek

NOW = time.time()


def place(name: str, since: float | None = None, owners: frozenset[int] | None = None) -> peek.Place:
    begun = time.time() if since is None else since
    return peek.Place(Path.cwd(), name, begun, owners or frozenset({os.geteuid()}))


def read(name: str, seen: peek.Seen | None = None, most: int = 1 << 20, **more: Any) -> dict[str, Any]:
    return (seen or peek.Seen()).more(place(name, **more), most)


def refused(name: str, **more: Any) -> tuple[str, str | None]:
    with pytest.raises(peek.Refused) as raised:
        read(name, **more)
    return raised.value.state, raised.value.note


# What is read of a file.


def test_a_log_is_read_on() -> None:
    log, seen = Path("a.log"), peek.Seen()
    log.write_bytes(b"")
    assert read("a.log", seen)["text"] == ""
    log.write_bytes("one\nzw\u00f6lf".encode()[:7])  # within a line, and a character
    assert read("a.log", seen)["text"] == "one\n"
    part = read("a.log", seen)
    assert (part["offset"], part["length"], part["text"]) == (4, 2, "zw")  # nothing came: it is all there is
    log.write_bytes("one\nzw\u00f6lf\xff\n".encode() + b"\xff\n")
    part = read("a.log", seen)
    assert (part["offset"], part["text"]) == (6, "\u00f6lf\xff\n\ufffd\n")
    assert (read("a.log", seen)["length"], read("a.log", seen)["file"]) == (0, part["file"])


def test_a_log_that_was_cut_or_replaced_begins_anew() -> None:
    log, seen = Path("a.log"), peek.Seen()
    log.write_text("first attempt\n")
    marks = [read("a.log", seen)["file"]]
    log.write_text("second\n")
    part = read("a.log", seen)
    assert part["text"] == "second\n"
    marks.append(part["file"])
    log.write_text("third, and longer than what was there before\n")  # cut, and grown beyond it between two looks
    part = read("a.log", seen)
    assert part["text"].startswith("third")
    marks.append(part["file"])
    Path("b.log").write_text("third, and longer than what was there before, in another file\n")
    Path("b.log").replace("a.log")
    part = read("a.log", seen)
    assert part["offset"] == 0
    marks.append(part["file"])
    assert len(set(marks)) == 4
    # Another thread of work goes on where the server says it is, if it is the same file.
    assert read("a.log", peek.Seen(6, marks[-1]))["offset"] == 6
    assert read("a.log", peek.Seen(6, marks[0]))["offset"] == 0
    assert read("a.log", peek.Seen(10**9, marks[-1]))["offset"] == 0


def test_of_a_large_log_only_the_end_and_whole_lines() -> None:
    line = b"x" * 99 + b"\n"
    seen = peek.Seen()
    with Path("a.log").open("wb") as file:
        file.seek(10_000_000_000)  # sparse: nobody reads through it
        file.write(line * 5000)
    part = read("a.log", seen)
    assert part["length"] == peek.BLOCK // 100 * 100 - 100 or part["length"] <= peek.BLOCK
    assert part["offset"] >= 10_000_000_000 + 500_000 - peek.WINDOW
    assert part["text"].startswith("x" * 99 + "\n")
    assert part["size"] == 10_000_500_000
    while part["length"]:
        part = read("a.log", seen)
    assert part["offset"] == 10_000_500_000
    with Path("a.log").open("ab") as file:
        file.write(line * 100_000)
    assert read("a.log", seen)["offset"] >= 10_010_500_000 - peek.WINDOW  # faster than it may be read: on to the end
    assert read("a.log", peek.Seen(), most=1000)["length"] <= 1000


def test_of_a_line_that_is_very_long_what_can_be_read() -> None:
    rest = peek.WINDOW - peek.BLOCK - 1
    Path("a.log").write_bytes(b"x" * (peek.WINDOW + peek.BLOCK - 1) + b"\n" + b"y" * rest + b"\n")
    seen = peek.Seen()
    part = read("a.log", seen)
    assert (part["offset"], part["text"]) == (peek.WINDOW, "x" * (peek.BLOCK - 1) + "\n")
    assert read("a.log", seen)["text"] == "y" * rest + "\n"


# Attacks.


def test_attack_not_a_file() -> None:
    os.mkfifo("fifo")
    Path("folder").mkdir()
    Path("null").symlink_to("/dev/null")
    Path("pipe").symlink_to("fifo")
    Path("environ").symlink_to("/proc/self/environ")
    Path("loop").symlink_to("loop")
    for name in ("fifo", "folder", "null", "pipe", "environ", "/dev/zero", "/proc/self/environ", "/proc/self/fd/0"):
        begun = time.monotonic()
        assert refused(name, since=0.0) == ("refused", "not a regular file"), name
        assert time.monotonic() - begun < 5  # a FIFO without a writer would wait for ever
    assert refused("nowhere") == ("missing", None)
    for name in ("a\x00b", "x" * 5000):
        assert refused(name)[0] in ("refused", "missing")
    assert refused("loop")[0] in ("refused", "missing")


@pytest.mark.parametrize("way", ["symlink", "hard link", "declared with ..", "absolute"])
def test_attack_a_file_that_is_no_log(way: str) -> None:
    """What this attempt has not written is not its log, whatever leads there."""
    secret = Path("../secret")
    secret.write_text("root:$6$x\n")
    os.utime(secret, (NOW - 86_400, NOW - 86_400))
    name = "../secret" if way == "declared with .." else str(secret.resolve()) if way == "absolute" else "a.log"
    if way == "symlink":
        Path("a.log").symlink_to(secret.resolve())
    elif way == "hard link":
        Path("a.log").hardlink_to(secret)
    assert refused(name) == ("missing", "it was not written since this attempt began")
    # ... and what it wrote there is.
    log = peek.Seen()
    with pytest.raises(peek.Refused):
        read(name, log)
    with secret.open("a") as file:
        file.write("of this attempt\n")
    assert "of this attempt" in read(name, log)["text"]


def test_attack_etc_shadow() -> None:
    Path("a.log").symlink_to("/etc/shadow")
    state, _note = refused("a.log")
    assert state in ("missing", "refused")


def test_attack_a_file_of_another_user() -> None:
    Path("a.log").write_text("theirs\n")
    assert refused("a.log", owners=frozenset({54_321})) == ("refused", "it belongs to another user")


def test_attack_swapped_while_it_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the look at it and the opening a symlink takes its place: the opening does not follow it."""
    Path("a.log").write_text("log\n")
    Path("secret").write_text("secret\n")
    opening = os.open

    def swapped(path: Any, *arguments: Any, **named: Any) -> int:
        Path("a.log").unlink()
        Path("a.log").symlink_to("secret")
        return opening(path, *arguments, **named)

    monkeypatch.setattr(os, "open", swapped)
    assert refused("a.log")[0] == "refused"
