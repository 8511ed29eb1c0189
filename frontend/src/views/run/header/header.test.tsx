import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, expect, it, vi } from "vitest";
import { forget, wanted } from "../../../live/wanted.ts";
import { ago } from "../../../test/factories.ts";
import { made_run } from "../../../test/made_runs.ts";
import { visit } from "../../../test/visit.tsx";
import { World } from "../../../test/world.ts";

const live = { status: "running", ended_at: null, last_heard_at: ago(1) } as const;
const running = (part = {}) =>
  made_run({ ...live, name: "now", started_at: ago(90), ...part }, { samples: 3 });

afterEach(() => {
  for (const id of Object.keys(wanted())) forget(id);
});

it.each([
  [
    { reason: "cluster", jobs: 12, since: ago(840) },
    /Nothing runs yet: 12 jobs submitted.* the first 14 min \d\d s ago/,
  ],
  [{ reason: "unheard", jobs: 3, since: ago(42) }, /Not heard of for 4\d s/],
  [
    { reason: "quiet", jobs: 1, since: ago(300), said: "Creating conda environment" },
    /1 job wait.*Creating conda env/,
  ],
  [{ reason: "cores", jobs: 9, busy: 14, cores: 16 }, /14 of 16 cores busy/],
])("says why nothing runs: %o", async (waiting, words) => {
  const run = running({ waiting: { since: null, said: null, busy: null, cores: null, ...waiting } });
  await visit(`/runs/${run.detail.id}`, new World([run]));
  await screen.findByRole("heading", { name: "now" });
  expect(document.body.textContent?.replaceAll(/\s+/g, " ")).toMatch(words);
});

it("tells how long a run that lives has been silent", async () => {
  const run = running({ last_event_at: ago(7300) });
  await visit(`/runs/${run.detail.id}`, new World([run]));
  await screen.findByRole("heading", { name: "now" });
  expect(screen.getByText(/^no event for 2 h/).title).toMatch(/heartbeat of Snakemake's process goes on/);
});

it("leads to the runs of the same workflow before and after, by key too", async () => {
  const [third, second, first] = ["third", "second", "first"].map((name) =>
    made_run({ name }, { samples: 1, done: 1 }),
  );
  const world = new World([third, second, first] as never);
  const { router } = await visit(`/runs/${second?.detail.id}?tab=log`, world);
  const row = await screen.findByRole("navigation", { name: "Runs of the same workflow" });
  expect(within(row).getByRole("link", { name: /^first, succeeded/ })).toBeTruthy();
  await userEvent.click(within(row).getByRole("link", { name: "The run after, of the same workflow" }));
  await waitFor(() => expect(router.state.location.href).toBe(`/runs/${third?.detail.id}?tab=log`));
  await screen.findByRole("heading", { name: "third" });
  for (const name of ["second", "first"]) {
    await screen.findByRole("link", { name: "The run before, of the same workflow" });
    fireEvent.keyDown(window, { key: "[" });
    await screen.findByRole("heading", { name });
  }
});

it("deletes after it has said what goes", async () => {
  const run = running();
  const world = new World([run, made_run({ name: "other" })]);
  const { router } = await visit(`/runs/${run.detail.id}`, world);
  await userEvent.click(await screen.findByRole("button", { name: "More about this run" }));
  await userEvent.click(await screen.findByText("Delete…"));
  const sheet = await screen.findByRole("dialog", { name: "Delete this run" });
  expect(sheet.textContent).toContain(`${run.jobs.length} jobs, 412 events`);
  expect(sheet.textContent).toContain("It still runs");
  await userEvent.click(within(sheet).getByRole("button", { name: "Delete" }));
  await waitFor(() => expect(router.state.location.pathname).toBe("/runs"));
  expect(world.runs).toHaveLength(1);
});

it("shows that the id was copied, and gives the focus back from what its menu led to", async () => {
  const run = running();
  await visit(`/runs/${run.detail.id}`, new World([run]));
  const more = () => screen.getByRole("button", { name: "More about this run" });
  await userEvent.click(await screen.findByRole("button", { name: "More about this run" }));
  const written = vi.spyOn(navigator.clipboard, "writeText");
  await userEvent.click(await screen.findByText("Copy id"));
  await waitFor(() => expect(more().title).toBe("Id copied"));
  expect(written).toHaveBeenCalledWith(run.detail.id);
  await userEvent.click(more());
  await userEvent.click(await screen.findByText("Delete…"));
  const sheet = await screen.findByRole("dialog", { name: "Delete this run" });
  await userEvent.click(within(sheet).getByRole("button", { name: "Keep it" }));
  await waitFor(() => expect(document.activeElement).toBe(more()));
});

it("asks the browser for notifications only after a click, and keeps to its answer", async () => {
  const asked = vi.fn(async () => "denied");
  vi.stubGlobal(
    "Notification",
    Object.assign(() => {}, { permission: "default", requestPermission: asked }),
  );
  const run = running();
  await visit(`/runs/${run.detail.id}`, new World([run]));
  const bell = await screen.findByRole("button", { name: "Tell me when it ends" });
  expect(asked).not.toHaveBeenCalled();
  await userEvent.click(bell);
  await screen.findAllByText(/its settings forbid them/);
  expect(wanted()).toEqual({});
  vi.stubGlobal(
    "Notification",
    Object.assign(() => {}, { permission: "granted" }),
  );
  await userEvent.click(bell);
  expect(Object.keys(wanted())).toEqual([run.detail.id]);
  await userEvent.click(bell);
  expect(wanted()).toEqual({});
});

it("shows the state in the title and the icon of the tab, and takes both back", async () => {
  const link = document.createElement("link");
  link.setAttribute("rel", "icon");
  document.head.append(link);
  const run = running();
  const { router } = await visit(`/runs/${run.detail.id}`, new World([run]));
  await waitFor(() => expect(document.title).toBe("0 % · now · flowo"));
  await waitFor(() => expect(link.getAttribute("href")).toContain("data:image/svg+xml,"));
  await router.navigate({ to: "/runs" });
  await waitFor(() => expect(link.getAttribute("href")).toContain("icons/flowo.svg"));
  link.remove();
});
