import { describe, expect, it } from "vitest";
import { bytes, command_line, count, duration, eta_left, eta_range, shell } from "./format.ts";

describe("figures in words", () => {
  it.each([
    [0.01, "0 s"],
    [12.4, "12 s"],
    [3.44, "3.4 s"],
    [59.6, "1 min 00 s"],
    [184, "3 min 04 s"],
    [3840, "1 h 04 min"],
    [3 * 86_400 + 7200, "3 d 2 h"],
  ])("%d seconds are %s", (seconds, text) => expect(duration(seconds)).toBe(text));

  it.each([
    [999, "999"],
    [1000, "1 000"],
    [-12_345, "-12 345"],
    [1_234_567, "1 234 567"],
    [1234.5678, "1 234.5678"],
  ])("%d is %s", (n, text) => expect(count(n)).toBe(text));

  it.each([
    [999, "999 B"],
    [1_200_000_000, "1.2 GB"],
    [999_600, "1.0 MB"],
  ])("%d bytes are %s", (size, text) => expect(bytes(size)).toBe(text));

  it.each([
    [10, 50, "less than 1 min"],
    [1500, 2400, "25–40 min"],
    [30, 200, "up to 4 min"],
    [40_000, 62_000, "11–18 h"],
  ])("from %d to %d seconds are left: %s", (low, high, text) => expect(eta_range(low, high)).toBe(text));

  it.each([
    [1500, 2400, false, "about 25–40 min left"],
    [1500, 2400, true, "roughly 25–40 min left"],
    [30, 200, false, "up to 4 min left"],
    [30, 50, true, "less than 1 min left"],
    [-90, 200, false, "up to 4 min left"],
    [-90, -1, false, "longer than expected"],
  ])("from %d to %d seconds, rough: %s, are told as %s", (low, high, rough, text) =>
    expect(eta_left(low, high, rough)).toBe(text),
  );

  it("gives commands back as a shell takes them", () => {
    expect(shell(["a", "b c", "it's"])).toBe("a 'b c' 'it'\\''s'");
    expect(command_line(["/opt/lib/python3.12/site-packages/snakemake/__main__.py", "-n"])).toBe(
      "snakemake -n",
    );
  });
});
