import { expect, it } from "vitest";
import { type HeldLog, joined } from "./tails.ts";

const now = "2026-11-24T18:00:00Z";
const held: HeldLog = {
  ...{ state: "live", generation: 1, anew: true, start: 0, stop: 0, text: "", size: 0, note: null },
  ...{ read_at: now, now, path: "a.log", attempt: 1, first_line: 1 },
};

it("holds a mebibyte of a log, and keeps the numbers of its lines and its place in the file", () => {
  let log = held;
  const line = `${"\u00e4".repeat(99)}\n`; // 199 bytes, 100 characters
  for (let i = 0; i < 120; i++) {
    const stop = log.stop + 199 * 100;
    const told = { ...held, anew: false, start: log.stop, stop, size: stop, text: line.repeat(100) };
    log = joined(log, told) ?? held;
  }
  expect(log.stop).toBe(120 * 100 * 199);
  expect(log.text.length).toBeLessThanOrEqual(1_048_576);
  const lines = log.text.length / 100;
  expect(log.first_line - 1 + lines).toBe(12_000);
  expect(log.start).toBe((log.first_line - 1) * 199);
});

it("knows that Snakemake has ended, whatever was on its way at that moment", () => {
  const over: HeldLog = { ...held, state: "over", stop: 4, text: "one\n" };
  const late = { ...held, topic: "log:r:1:1:0", anew: false, start: 4, stop: 8, text: "two\n" };
  expect(joined(over, late)).toMatchObject({ state: "over", text: "one\ntwo\n" });
  const { topic: _topic, ...answer } = late;
  expect(joined(over, answer)?.state).toBe("live"); // it was declared ended, and reports again
});
