import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it } from "vitest";
import type { Grid } from "../../../api/types.ts";
import { made_run } from "../../../test/made_runs.ts";
import { visit } from "../../../test/visit.tsx";
import { World } from "../../../test/world.ts";

const grid: Grid = {
  wildcard: "sample",
  wildcards: ["sample"],
  rules: ["align"],
  values: [null, "S1", "S10", "S2"],
  total: 3,
  statuses: ["planned", "queued", "running", "succeeded", "failed", "aborted", "skipped"],
  cells: [
    [0, 0, 4, 1, 0],
    [1, 0, 3, 1, 1],
    [2, 0, 4, 1, 2],
    [3, 0, 3, 1, 3],
  ],
};

class Sampled extends World {
  override answer(method: string, url: URL, body: unknown) {
    return url.pathname.endsWith("/grid") ? { status: 200, body: grid } : super.answer(method, url, body);
  }
}

const order = () =>
  within(screen.getByRole("grid", { name: "Jobs by sample and rule" }))
    .getAllByRole("rowheader")
    .map((one) => one.textContent?.replace(/failed.*/, ""));
const pressed = () => screen.getByRole("button", { name: "Failed first" }).getAttribute("aria-pressed");

const ended = { started_at: "2026-11-24T10:00:00Z", ended_at: "2026-11-24T11:00:00Z" } as const;
const open = (failing: number, search = "") => {
  const status = failing ? "failed" : "succeeded";
  const run = made_run({ ...ended, status }, { samples: 3, done: 1, failing });
  return visit(`/runs/${run.detail.id}?tab=samples${search}`, new Sampled([run]));
};

it("begins with what failed, and keeps the order that one chooses in the address", async () => {
  const { router } = await open(1);
  const chip = await screen.findByRole("button", { name: "Failed first" });
  expect(order()).toEqual(["S10", "S1", "S2", "without sample"]);
  const steps = router.history.length;
  await userEvent.click(chip);
  await waitFor(() => expect(order()).toEqual(["S1", "S2", "S10", "without sample"]));
  expect(router.state.location.search).toMatchObject({ tab: "samples", order: "name" });
  await userEvent.click(chip);
  await waitFor(() => expect(router.state.location.search).toMatchObject({ order: "failed" }));
  expect(router.history.length).toBe(steps);
});

it("goes by name where nothing failed, and by the address wherever it says", async () => {
  const { unmount } = await open(0);
  await screen.findByRole("button", { name: "Failed first" });
  expect([pressed(), order()]).toEqual(["false", ["S1", "S2", "S10", "without sample"]]);
  unmount();
  await open(1, "&order=name");
  await screen.findByRole("button", { name: "Failed first" });
  expect([pressed(), order()[0]]).toEqual(["false", "S1"]);
});

it("keeps whose values are the rows in the address, where a tab is left and come back to", async () => {
  const run = made_run(ended, { samples: 3, done: 1 });
  run.detail.wildcards = ["sample", "lane"];
  class Lanes extends Sampled {
    override answer(method: string, url: URL, body: unknown) {
      const told = super.answer(method, url, body);
      const wildcard = url.searchParams.get("wildcard") ?? "sample";
      return url.pathname.endsWith("/grid")
        ? { status: 200, body: { ...grid, wildcard, wildcards: ["sample", "lane"] } }
        : told;
    }
  }
  const { router } = await visit(`/runs/${run.detail.id}?tab=samples`, new Lanes([run]));
  const rows = () => screen.findByRole<HTMLSelectElement>("combobox", { name: "Rows" });
  await userEvent.selectOptions(await rows(), "lane");
  await waitFor(() => expect(router.state.location.search).toMatchObject({ rows: "lane" }));
  await screen.findByRole("grid", { name: "Jobs by lane and rule" });
  await userEvent.click(screen.getByRole("tab", { name: "Jobs" }));
  await userEvent.click(screen.getByRole("tab", { name: "Samples" }));
  expect((await rows()).value).toBe("lane");
  await router.navigate({ to: ".", search: { tab: "samples", rows: "gone" } as never });
  await screen.findByRole("grid", { name: "Jobs by sample and rule" });
});
