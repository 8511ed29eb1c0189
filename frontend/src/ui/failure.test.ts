import { describe, expect, it } from "vitest";
import {
  evidence_of,
  headline,
  is_offending,
  last_words,
  more_evidence,
  reason_of,
  says_nothing_more,
} from "./failure.ts";

describe("how a job ended", () => {
  it.each([
    [{ exit_code: 3, signal: null, class: "nonzero_exit" }, "exit 3"],
    [{ exit_code: 137, signal: null, class: "signal" }, "exit 137 · SIGKILL"],
    [{ exit_code: 137, signal: null, class: "oom" }, "exit 137 · out of memory"],
    [{ exit_code: 255, signal: null, class: "signal" }, "exit 255"],
    [{ exit_code: null, signal: 11, class: "signal" }, "SIGSEGV"],
    [{ exit_code: null, signal: null, class: "missing_output" }, "missing output"],
    [{ exit_code: null, signal: null, class: "unknown" }, "reason not known"],
    [{ exit_code: 3, signal: null, class: "unknown" }, "exit 3"],
  ])("%o", (reason, words) => expect(reason_of(reason)).toBe(words));
});

describe("what Snakemake said in a line", () => {
  const came = 'Traceback (most recent call last):\n\n  File "x.py", line 1, in f\n    f()\n\n';
  it.each([
    [`${came}ValueError: Invalid config.\n`, "ValueError: Invalid config."],
    [`OSError: one\n\nDuring handling:\n\n${came}OSError: two\n`, "OSError: two"],
    ["LockException:\nError: Directory cannot be locked.\n/w", "LockException: Directory cannot be locked."],
    [
      'MissingInputException in rule all in file "/w/S", line 1:\nMissing input files:',
      "MissingInputException: Missing input files",
    ],
    ["one\ntwo", "one"],
    ["Traceback (most recent call last):\n  cut", "cut"],
    ["", ""],
  ])("%j", (message, line) => expect(headline(message).trim()).toBe(line));
});

describe("what a class is known by", () => {
  it.each([
    ["slurm: OUT_OF_MEMORY", "slurm: OUT_OF_MEMORY"],
    ["log: MemoryError", "log: MemoryError"],
    ["killed by SIGINT at the run's interruption", "killed by SIGINT at the run's interruption"],
    ["exit code 3", ""],
    ["exit code 137 (128 + SIGKILL)", ""],
    ["killed by SIGKILL", ""],
    [null, ""],
  ])("%s", (evidence, told) => expect(evidence_of({ evidence })).toBe(told));
});

it.each([
  ["exit code 1", ["x"], ""],
  ["log: java.lang.OutOfMemoryError", ["a", "12:01 java.lang.OutOfMemoryError: heap"], ""],
  ["slurm: OUT_OF_MEMORY", ["Killed"], "slurm: OUT_OF_MEMORY"],
  [null, [], ""],
])("evidence %s beside %o", (evidence, said, shown) => expect(more_evidence(evidence, said)).toBe(shown));

it.each([
  ["RuleException:\nCommand 'set -e; false' returned non-zero exit status 1.", true],
  ["RuleException:\nCommand 'set -e;\n  false\n  echo x > y' returned non-zero exit status 1.", true],
  ["Command 'a' returned non-zero exit status 1.\nslurm job 3 is gone", false],
  ["Error in rule map", true],
  ["slurm job 48213 ended with OUT_OF_MEMORY", false],
])("%s says nothing more: %s", (message, nothing) => expect(says_nothing_more(message)).toBe(nothing));

it("shows the end of a log, from its last offending line where that lies further up", () => {
  const quiet = Array.from({ length: 20 }, (_, i) => `line ${i}`);
  expect(last_words(quiet.join("\n"), 3)).toEqual(["line 17", "line 18", "line 19"]);
  expect(last_words(["ValueError: 3", ...quiet].join("\n"), 3)).toEqual([
    "ValueError: 3",
    "line 0",
    "line 1",
  ]);
  expect(last_words("", 3)).toEqual([]);
});

it.each([
  ["[E::bwa_idx_load] fail to locate the index files", true],
  ["[M::bwa_idx_load] 25 sequences", false],
  ["0 errors", false],
])("%s looks like the cause: %s", (line, marked) => expect(is_offending(line)).toBe(marked));
