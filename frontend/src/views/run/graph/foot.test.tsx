import { render, screen } from "@testing-library/react";
import { expect, it } from "vitest";
import { GraphFoot } from "./GraphFoot.tsx";

const foot = (reasons: Record<string, number>, ran: number) =>
  render(<GraphFoot title="" counts={null} median="" reasons={reasons} ran={ran} rules={9} />);

it("has room for one reason in its line, and tells many one below the other", () => {
  const { unmount } = foot({ missing_output: 12 }, 12);
  expect(screen.getByText("12 jobs: output missing")).toBeTruthy();
  expect(screen.queryByRole("button")).toBeNull();
  unmount();
  foot({ missing_output: 12, params_changed: 1312 }, 1320);
  const list = document.getElementById(screen.getByRole("button").getAttribute("popovertarget") ?? "");
  expect([...(list?.querySelectorAll("dt, dd") ?? [])].map((one) => one.textContent)).toEqual([
    "parameters changed",
    "1 312",
    "output missing",
    "12",
  ]);
  expect(list?.textContent).toContain("Of 1 320 jobs, some for several reasons.");
});
