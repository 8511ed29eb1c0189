import { QueryClient } from "@tanstack/react-query";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Refresher } from "./refresh.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test("what took long to answer is left alone for a while; what is quick comes as often as it may", async () => {
  const refresher = new Refresher(new QueryClient());
  let asked = 0;
  const answer_in = (ms: number) => () => {
    asked += 1;
    return new Promise((done) => setTimeout(done, ms));
  };
  for (let at = 0; at < 10_000; at += 100) {
    refresher.soon(["slow"], 200, answer_in(500));
    await vi.advanceTimersByTimeAsync(100);
  }
  expect(asked).toBeGreaterThanOrEqual(4);
  expect(asked).toBeLessThanOrEqual(5); // 500 ms of answer and 2 s of rest
  asked = 0;
  for (let at = 0; at < 10_000; at += 100) {
    refresher.soon(["quick"], 200, answer_in(1));
    await vi.advanceTimersByTimeAsync(100);
  }
  expect(asked).toBeGreaterThan(30);
});

test("a tab that nobody sees asks once, when it is looked at", async () => {
  const refresher = new Refresher(new QueryClient());
  const hidden = vi.spyOn(document, "hidden", "get").mockReturnValue(true);
  const ask = vi.fn();
  for (let at = 0; at < 5_000; at += 100) {
    refresher.soon(["rows"], 200, ask);
    await vi.advanceTimersByTimeAsync(100);
  }
  expect(ask).not.toHaveBeenCalled();
  hidden.mockReturnValue(false);
  document.dispatchEvent(new Event("visibilitychange"));
  expect(ask).toHaveBeenCalledOnce();
  hidden.mockRestore();
  refresher.stop();
});
