import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it } from "vitest";
import type { JobDetail, JobStatus } from "../../../api/types.ts";
import { counts } from "../../../test/factories.ts";
import { made_run } from "../../../test/made_runs.ts";
import { visit } from "../../../test/visit.tsx";
import { World } from "../../../test/world.ts";
import { inputs_by_rule, users_of } from "./file_jobs.ts";

const link = (number: number, rule: string, status: JobStatus = "succeeded") => ({
  number,
  rule,
  status,
  wildcards: { sample: `S${number}` },
});

/** The drawer at one of its tabs, of a job that the server tells this of. */
async function opened(tab: string, part: Partial<JobDetail>) {
  const run = made_run({}, { samples: 3, done: 1 });
  const number = run.jobs[0]?.number;
  const world = new World([run]);
  const answer = world.answer.bind(world);
  world.answer = (method, url, body) => {
    const told = answer(method, url, body);
    return url.pathname.endsWith(`/jobs/${number}`)
      ? { ...told, body: { ...(told.body as JobDetail), ...part } }
      : told;
  };
  const page = await visit(`/runs/${run.detail.id}/jobs/${number}?jobtab=${tab}`, world);
  const drawer = await screen.findByRole("complementary", { name: `Job ${number}` });
  return { ...page, run, drawer };
}

const files = {
  inputs: ["genome.fa", "1.bam", "2.bam"],
  inputs_total: 3,
  outputs: ["all.bam", "all.bai"],
  logs: ["all.log"],
  benchmark: null,
  made_by: {
    open: 0,
    jobs: [
      { job: link(8, "map"), files: [1] },
      { job: link(9, "map", "failed"), files: [2] },
    ],
    users: {},
  },
  used_by: { open: 2, jobs: [{ job: link(2, "report", "running"), files: [0, 2] }], users: { 0: 14, 2: 1 } },
} satisfies Partial<JobDetail>;

it("gives each file the jobs on its other side", () => {
  const job = files as unknown as JobDetail;
  const groups = inputs_by_rule(job).map(({ rule, files }) => [rule, files.map((one) => one.maker?.number)]);
  expect(groups).toEqual([
    ["map", [8, 9]],
    [undefined, [undefined]],
  ]);
  expect(users_of(job, 0)).toEqual({ jobs: [link(2, "report", "running")], many: 14 });
  expect(users_of(job, 1)).toEqual({ jobs: [], many: 0 });
});

it("links each file to the jobs that make and use it, and says what is not known", async () => {
  const { drawer, run } = await opened("files", files);
  const maker = await within(drawer).findByRole("link", { name: "map sample=S9" });
  expect(maker.getAttribute("href")).toContain(`/runs/${run.detail.id}/jobs/9?jobtab=files`);
  const row = maker.closest("li") as HTMLElement;
  expect(row.textContent).toMatch(/^2\.bam.*made by/);
  expect(within(row).getByRole("img", { name: "failed" })).toBeTruthy();
  expect(within(drawer).getAllByText("made by no job of this run")).toHaveLength(1);
  const outputs = within(drawer).getByRole("list", { name: "Outputs" });
  expect(outputs.children[0]?.textContent).toMatch(/all\.bam.*used by.*report/);
  expect(outputs.children[1]?.textContent).not.toContain("used by");
  expect(within(drawer).getByRole("list", { name: "Logs" }).textContent).toContain("report");
  within(drawer).getByText("What 2 jobs that need it will use is not known.");
});

it("folds ten thousand inputs to the rules that make them", async () => {
  const many = Array.from({ length: 10_000 }, (_, i) => `${i}.bam`);
  const { drawer } = await opened("files", {
    ...files,
    inputs: many,
    inputs_total: 12_000,
    made_by: { open: 0, jobs: [{ job: link(8, "map"), files: many.map((_, i) => i).slice(1) }], users: {} },
  });
  const fold = (await within(drawer).findByText("map", { selector: "summary *" })).closest("summary");
  expect(fold?.textContent).toMatch(/^map9\s999$/);
  within(drawer).getByText(/^and 2\s000 more, which were not recorded one by one$/);
  expect(drawer.querySelectorAll("li").length).toBeLessThan(500);
});

it("says nothing of makers where no plan was recorded", async () => {
  const { drawer } = await opened("files", { ...files, near: null, made_by: null, used_by: null });
  await within(drawer).findByText(/no plan with this job was recorded/);
  expect(within(drawer).queryByText("made by no job of this run")).toBeNull();
});

it("shows two steps each way, each rule of many jobs as one, and a way to each", async () => {
  const { drawer, router } = await opened("graph", {
    near: [
      { step: -1, rule: "map", jobs: counts(Array(40).fill("failed")), links: [link(8, "map", "failed")] },
      { step: 1, rule: "report", jobs: counts(["planned"]), links: [link(2, "report", "planned")] },
      { step: 2, rule: "all", jobs: counts(["planned"]), links: [link(1, "all", "planned")] },
    ],
  });
  const before = await within(drawer).findByRole("list", { name: "1 before" });
  expect(before.querySelector("summary")?.textContent).toBe("map4040 failed");
  within(before).getByText("and 39 more");
  expect(within(drawer).queryByRole("list", { name: "2 before" })).toBeNull();
  const after = within(within(drawer).getByRole("list", { name: "1 after" }));
  await userEvent.click(after.getByRole("link", { name: "report sample=S2" }));
  await waitFor(() => expect(router.state.location.pathname).toMatch(/\/jobs\/2$/));
  expect(router.state.location.search).toMatchObject({ jobtab: "graph" });
});

it("lets nothing turn in a run that is lost", async () => {
  for (const status of ["running", "lost"] as const) {
    const lost_since = status === "lost" ? new Date().toISOString() : null;
    const run = made_run({ status, lost_since }, { samples: 6, done: 0.5 });
    const job = run.jobs.find((one) => one.status === "running");
    const page = await visit(`/runs/${run.detail.id}/jobs/${job?.number}`, new World([run]));
    const drawer = await screen.findByRole("complementary", { name: `Job ${job?.number}` });
    await within(drawer).findByText("running");
    await waitFor(() => expect(drawer.querySelectorAll(".turning")).toHaveLength(status === "lost" ? 0 : 1));
    page.unmount();
  }
});

it("gives the focus back to the row of the job that was gone on to", async () => {
  const run = made_run({}, { samples: 6, done: 1 });
  await visit(`/runs/${run.detail.id}`, new World([run]));
  const rows = await waitFor(() => {
    const found = document.querySelectorAll<HTMLElement>(".table-link");
    expect(found.length).toBeGreaterThan(1);
    return found;
  });
  const [first, second] = [rows[0]?.dataset.job, rows[1]?.dataset.job];
  rows[0]?.focus();
  await userEvent.click(rows[0] as HTMLElement);
  await screen.findByRole("complementary", { name: `Job ${first}` });
  await userEvent.keyboard("j");
  await screen.findByRole("complementary", { name: `Job ${second}` });
  await userEvent.keyboard("{Escape}");
  await waitFor(() => expect((document.activeElement as HTMLElement).dataset.job).toBe(second));
});

it("goes on by j and k from a job that the table does not hold", async () => {
  const run = made_run({}, { samples: 6, done: 1 });
  const rule = run.jobs.find((one) => run.jobs.filter((other) => other.rule === one.rule).length > 2)?.rule;
  const job = run.jobs.find((one) => one.rule !== rule);
  // Another tab than the table, and a rule that leaves the opened job out.
  const address = `/runs/${run.detail.id}/jobs/${job?.number}?tab=info&rule=${rule}`;
  const { router } = await visit(address, new World([run]));
  const way = (name: string) => screen.getByRole<HTMLButtonElement>("button", { name });
  await screen.findByRole("complementary", { name: `Job ${job?.number}` });
  await waitFor(() => expect(way("Next job").disabled).toBe(false));
  await userEvent.keyboard("j");
  const shown = () => Number(router.state.location.pathname.split("/").at(-1));
  await waitFor(() => expect(run.jobs.find(({ number }) => number === shown())?.rule).toBe(rule));
  const first = shown();
  await waitFor(() => expect(way("Next job").disabled).toBe(false));
  await userEvent.keyboard("j");
  await waitFor(() => expect(shown()).not.toBe(first));
  await waitFor(() => expect(way("Job before").disabled).toBe(false));
  await userEvent.keyboard("k");
  await waitFor(() => expect(shown()).toBe(first));
});

it("leads from a job that was not started to the one that failed before it", async () => {
  const failed = link(7, "map", "failed");
  const unfinished = { reason: "upstream", text: "It needs job 7, which failed.", job: failed } as const;
  const { drawer, router, run } = await opened("log", { status: "skipped", unfinished });
  expect((await within(drawer).findByText(unfinished.text)).parentElement?.textContent).toContain("map");
  await userEvent.click(within(drawer).getByRole("link", { name: "map sample=S7" }));
  await waitFor(() => expect(router.state.location.pathname).toBe(`/runs/${run.detail.id}/jobs/7`));
});
