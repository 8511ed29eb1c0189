import { fireEvent, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, expect, it } from "vitest";
import { ago } from "../../test/factories.ts";
import { made_run } from "../../test/made_runs.ts";
import { visit } from "../../test/visit.tsx";
import { World } from "../../test/world.ts";
import { set_time_form } from "../../ui/zone.ts";

afterEach(() => set_time_form("fit"));

const clock = /^(\D*\d+\D* )?\d\d:\d\d:\d\d$/;
const told = (of: HTMLElement) => [...of.querySelectorAll("time")].map((time) => time.textContent);

it("tells times in one way on all pages, chosen in the menu and kept", async () => {
  const run = made_run({ status: "succeeded", started_at: ago(7200) }, { samples: 3, done: 3 });
  const { router } = await visit("/runs", new World([run]));
  const list = await screen.findByRole("list", { name: "Runs" });
  expect(await within(list).findByText("2 h ago")).toBeTruthy();
  await userEvent.click(screen.getByRole("button", { name: /^Menu of/ }));
  await userEvent.click(await screen.findByRole("menuitem", { name: "UTC" }));
  expect(told(list)[0]).toMatch(clock);
  expect(localStorage.getItem("flowo.times")).toBe("utc");
  const mark = screen.getByRole("button", { name: "Times: UTC" });

  await router.navigate({ to: "/runs/$id", params: { id: run.detail.id } });
  const grid = await screen.findByRole("grid", { name: "Jobs" });
  await within(grid).findAllByRole("link");
  for (const text of told(grid)) expect(text).toMatch(clock);
  // On: as it fits, which has no mark, then relative: in the table too.
  await userEvent.click(mark);
  expect(screen.queryByRole("button", { name: /^Times/ })).toBeNull();
  for (const text of told(grid)) expect(text).toMatch(clock);
  fireEvent.keyDown(window, { key: "t" });
  expect(screen.getByRole("button", { name: "Times: relative" })).toBeTruthy();
  for (const text of told(grid)) expect(text).toMatch(/ago|now/);
});

it("tells how long ago by the run's own clock, never by another's", async () => {
  // The run's machine is an hour behind the server.
  const run = made_run(
    { status: "succeeded", started_at: ago(2 * 3600 + 1800), clock_offset: 3600 },
    { samples: 1 },
  );
  await visit(`/runs/${run.detail.id}`, new World([run]));
  expect(await screen.findByText("1 h ago")).toBeTruthy();
});

it("shows the other forms to whoever points at a time", async () => {
  const run = made_run({ status: "succeeded", started_at: ago(7200) }, { samples: 1 });
  await visit("/runs", new World([run]));
  const time = await screen.findByText("2 h ago");
  fireEvent.pointerEnter(time);
  fireEvent.pointerOver(time);
  expect(time.title).toMatch(/UTC\n2 h ago$/);
});
