import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it, vi } from "vitest";
import { made_run } from "../../../test/made_runs.ts";
import { visit } from "../../../test/visit.tsx";
import { World } from "../../../test/world.ts";

it("tells no figure of a log that is still on its way", async () => {
  const run = made_run({}, { samples: 3, done: 1 });
  await visit(`/runs/${run.detail.id}?tab=info&find=nothing+like+this`, new World([run]));
  const answered = globalThis.fetch;
  let let_go = () => {};
  const gate = new Promise<void>((open) => {
    let_go = open;
  });
  vi.stubGlobal("fetch", async (input: string, init?: RequestInit) => {
    if (new URL(input).pathname.endsWith("/log")) await gate;
    return answered(input, init);
  });
  await userEvent.click(await screen.findByRole("tab", { name: "Log" }));
  await screen.findByText("Loading …");
  const end = screen.getByRole<HTMLButtonElement>("button", { name: "To the end" });
  expect(end.disabled).toBe(true);
  expect(screen.queryByText(/\d+ lines?$/)).toBeNull();
  expect(screen.queryByText("not found")).toBeNull();
  let_go();
  await screen.findByText(/^[1-9]\d* lines$/);
  await screen.findByText("not found");
  await waitFor(() => expect(end.disabled).toBe(false));
});
