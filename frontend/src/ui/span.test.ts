import { expect, it } from "vitest";
import { seconds_of } from "./span.ts";

it("knows no duration where the clock was set back meanwhile, and never counts below nothing", () => {
  const started_at = "2026-11-25T14:00:00Z";
  expect(seconds_of({ started_at, ended_at: "2026-11-25T14:00:07.5Z" }, 0)).toBe(7.5);
  expect(seconds_of({ started_at, ended_at: "2026-11-25T13:00:00Z" }, 0)).toBeNull();
  expect(seconds_of({ started_at, ended_at: null }, Date.parse("2026-11-25T13:00:00Z"))).toBe(0);
});
