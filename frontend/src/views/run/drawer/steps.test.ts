import { act, renderHook } from "@testing-library/react";
import { expect, it, vi } from "vitest";
import { type Beside, useSteps } from "./steps.ts";

const unknown: Beside = { next: undefined, before: undefined, known: false };
const around = (number: number): Beside => ({
  next: number < 9 ? number + 1 : undefined,
  before: number > 0 ? number - 1 : undefined,
  known: true,
});

function at(number: number, beside: Beside) {
  const open = vi.fn<(number: number) => void>();
  const hook = renderHook(({ number, beside }) => useSteps(number, beside, open), {
    initialProps: { number, beside },
  });
  return {
    opened: () => open.mock.calls.map(([to]) => to),
    press: (way: 1 | -1) => act(() => hook.result.current(way)),
    show: (number: number, beside: Beside) => hook.rerender({ number, beside }),
  };
}

it("keeps what is pressed before the jobs beside are known", () => {
  const { opened, press, show } = at(5, unknown);
  press(-1);
  expect(opened()).toEqual([]);
  show(5, around(5));
  expect(opened()).toEqual([4]);
});

it("takes every press while one step is under way, one after the other", () => {
  const { opened, press, show } = at(5, around(5));
  press(1);
  press(1);
  press(1);
  expect(opened()).toEqual([6]);
  show(6, unknown);
  expect(opened()).toEqual([6]);
  show(6, around(6));
  expect(opened()).toEqual([6, 7]);
  show(7, around(7));
  show(8, around(8));
  expect(opened()).toEqual([6, 7, 8]);
});

it("forgets presses at the end, and when one went elsewhere", () => {
  const { opened, press, show } = at(9, around(9));
  press(1);
  show(8, around(8));
  expect(opened()).toEqual([]);
  press(-1);
  press(-1);
  expect(opened()).toEqual([7]);
  show(3, around(3));
  expect(opened()).toEqual([7]);
  press(1);
  expect(opened()).toEqual([7, 4]);
});
