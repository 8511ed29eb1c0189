import { describe, expect, it } from "vitest";
import { evidence_of, reason_of } from "./failure.ts";

describe("how a job ended", () => {
  it.each([
    [{ exit_code: 3, signal: null, class: "nonzero_exit" }, "exit 3"],
    [{ exit_code: 137, signal: null, class: "signal" }, "exit 137 · SIGKILL"],
    [{ exit_code: 137, signal: null, class: "oom" }, "exit 137 · out of memory"],
    [{ exit_code: 255, signal: null, class: "signal" }, "exit 255"],
    [{ exit_code: null, signal: 11, class: "signal" }, "SIGSEGV"],
    [{ exit_code: null, signal: null, class: "missing_output" }, "missing output"],
  ])("%o", (reason, words) => expect(reason_of(reason)).toBe(words));
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
