import { cleanup, configure } from "@testing-library/react";
import { afterEach, vi } from "vitest";

// Patience for a machine that has other things to do.
configure({ asyncUtilTimeout: 8000 });

// The pretended browser lays nothing out: without a height the virtual tables would show no row.
for (const [side, size] of [
  ["clientHeight", 800],
  ["clientWidth", 1200],
  ["offsetHeight", 800],
  ["offsetWidth", 1200],
] as const) {
  Object.defineProperty(HTMLElement.prototype, side, {
    configurable: true,
    value: size,
  });
}
Object.defineProperty(document, "baseURI", { configurable: true, value: "http://localhost:3000/" });

class Idle {
  observe() {}
  unobserve() {}
  disconnect() {}
}
vi.stubGlobal("ResizeObserver", Idle);
// Layouts of the graph are looked at in a real browser.
vi.stubGlobal(
  "Worker",
  class extends Idle {
    postMessage() {}
    terminate() {}
  },
);

afterEach(cleanup);
