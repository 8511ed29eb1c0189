import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it } from "vitest";
import type { JobDetail } from "../../../api/types.ts";
import { made_run } from "../../../test/made_runs.ts";
import { visit } from "../../../test/visit.tsx";
import { World } from "../../../test/world.ts";

const ended = {
  status: "failed",
  started_at: "2026-11-24T10:00:00Z",
  ended_at: "2026-11-24T11:00:00Z",
} as const;
const failed = (name = "now") => made_run({ ...ended, name }, { samples: 12, done: 0.8, failing: 9 });

it("opens on the first failure: its log, its tries side by side, its inputs, and the ways to run it again", async () => {
  const run = failed();
  await visit(`/runs/${run.detail.id}`, new World([run]));
  const card = await screen.findByRole("region", { name: "First failure" });
  const marked = await within(card).findByText(/java.lang.OutOfMemoryError/);
  expect(marked.className).toBe("offending");
  const tries = within(card).getByRole("table");
  expect(
    within(tries)
      .getAllByRole("columnheader")
      .map((one) => one.textContent),
  ).toEqual(["Attempt 1", "Attempt 2"]);
  expect(within(tries).getByRole("row", { name: /mem_mb/ }).textContent).toContain("8.0 GB");
  expect(within(card).getByRole("list", { name: "Inputs when it failed" }).children.length).toBeGreaterThan(
    0,
  );
  expect(within(card).getByRole("button", { name: "Copy the job's command" })).toBeTruthy();
  await within(card).findByRole("button", { name: "Copy the command to rerun only what failed" });
});

it("says of a command that is copied whether secrets are to be put back", async () => {
  const run = failed();
  const world = new World([run]);
  const answer = world.answer.bind(world);
  world.answer = (method, url, body) => {
    const told = answer(method, url, body);
    return url.pathname.endsWith("/rerun")
      ? { ...told, body: { ...(told.body as object), masked: true } }
      : told;
  };
  await visit(`/runs/${run.detail.id}`, world);
  await screen.findByRole("button", { name: /rerun only what failed, in which secrets are \*\*\*/ });
});

/** The command, whose words stand for themselves. */
const is_again = (_: string, one: Element | null) =>
  one?.tagName === "CODE" && /snakemake -c 16 --rerun-incomplete --until/.test(one.textContent);

/** A world in which nothing is known of how jobs failed, as of `run:` blocks that raise. */
class Silent extends World {
  override answer(method: string, url: URL, body: unknown) {
    const answer = super.answer(method, url, body);
    const told = answer.body as JobDetail;
    for (const one of /\/jobs\/\d+$/.test(url.pathname) ? told.attempts : [])
      Object.assign(one, { message: null, log: null, logs: [], exit_code: null, class: "unknown" });
    return answer;
  }
}

it("says where to look when Snakemake gave no reason", async () => {
  const run = failed();
  Object.assign(run.detail.first_failure ?? {}, { message: null, exit_code: null, class: "unknown" });
  await visit(`/runs/${run.detail.id}`, new Silent([run]));
  const card = await screen.findByRole("region", { name: "First failure" });
  await within(card).findByText(/Snakemake gave no reason.*on its terminal/);
});

it("shows failures of one cause as one, the jobs hit, and where it was seen before", async () => {
  const [run, before] = [failed(), failed("before")];
  const { router, asked } = await visit(`/runs/${run.detail.id}?tab=failures`, new World([run, before]));
  await screen.findByText("9 ×");
  expect(screen.getAllByText(/^(and )?3 more$/)).toHaveLength(1);
  await screen.findByText(is_again);
  await userEvent.click(screen.getByRole("button", { name: /^Show these 9 failures: \w+, exit 137/ }));
  await waitFor(() => expect(asked.some((one) => one.includes("/failures?signature=6acad"))).toBe(true));
  // Each with its own logs and inputs, as the first failure has them.
  const [more] = await screen.findAllByRole("button", { name: /^Logs and inputs of/ });
  expect(screen.queryByText("Inputs when it failed")).toBeNull();
  await userEvent.click(more as HTMLElement);
  expect(screen.getAllByText("Inputs when it failed")).toHaveLength(1);
  await userEvent.click(await screen.findByRole("link", { name: "before" }));
  await waitFor(() => expect(router.state.location.href).toBe(`/runs/${before.detail.id}?tab=failures`));
});

it("offers no rerun while the run goes on", async () => {
  const run = failed();
  Object.assign(run.detail, { status: "running", ended_at: null });
  const { asked } = await visit(`/runs/${run.detail.id}?tab=failures`, new World([run]));
  await screen.findByText("9 ×");
  expect(asked.some((one) => one.includes("/rerun"))).toBe(false);
});

it("is told apart without being seen: the page's outline, the groups and what folds them", async () => {
  const run = failed();
  await visit(`/runs/${run.detail.id}?tab=failures`, new World([run]));
  const groups = await screen.findByRole("list", { name: "Failures by cause" });
  await screen.findByText(is_again);
  const outline = screen
    .getAllByRole("heading")
    .map((one) => `${one.tagName.toLowerCase()} ${one.textContent?.trim()}`);
  expect(outline).toEqual(["h1 now", "h2 First failure", "h2 Failures 9", "h3 Run again only what failed"]);
  const ways = within(groups).getAllByRole("button");
  expect(ways.map((one) => one.getAttribute("aria-label"))).toEqual([
    expect.stringMatching(/^Show these 9 failures: \w+, exit 137 .*OutOfMemoryError/),
    expect.stringMatching(/^and 3 more: \w+, exit 137 .*OutOfMemoryError/),
  ]);
  await userEvent.click(ways[0] as HTMLElement);
  await within(groups).findByRole("list", { name: /OutOfMemoryError/ });
});
