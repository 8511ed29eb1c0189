import { cleanup, fireEvent, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";
import { made_run } from "../test/made_runs.ts";
import { visit } from "../test/visit.tsx";
import { World } from "../test/world.ts";

const failed = () =>
  made_run({ status: "failed", name: "variant-calling" }, { samples: 3, done: 0.8, failing: 1 });

describe("the run list", () => {
  it("tells the first failure of a failed run in its row", async () => {
    await visit("/runs", new World([failed()]));
    const row = await screen.findByRole("link", { name: /variant-calling/ });
    expect(row.textContent).toContain("call_variants");
    expect(row.textContent).toContain("exit 137 · out of memory");
  });

  it("filters by the URL, and says what was searched when nothing is found", async () => {
    const { asked, router } = await visit("/runs?status=lost&status=bogus&q=zzz");
    await screen.findByText("No runs found");
    expect(router.state.location.href).toBe("/runs?status=lost&q=zzz");
    expect(asked.some((one) => one.includes("/runs?status=lost&q=zzz"))).toBe(true);
    await userEvent.click(screen.getByText("Show all runs"));
    await screen.findByRole("link", { name: /rna-seq batch 7/ });
  });

  it("leads to the first-run page while there is none", async () => {
    const { router } = await visit("/", new World([]));
    await screen.findByText("No runs yet");
    expect(router.state.location.pathname).toBe("/first-run");
    expect(await screen.findByText("pip install snakemake-logger-plugin-flowo==3.0.0")).toBeTruthy();
  });
});

describe("the run page", () => {
  it("opens a failed run on its first failure", async () => {
    const run = failed();
    await visit(`/runs/${run.detail.id}`, new World([run]));
    const card = await screen.findByRole("region", { name: "First failure" });
    expect(within(card).getAllByText("exit 137 · out of memory")[0]).toBeTruthy();
    await within(card).findByText(/OOM Killed/);
  });

  it("filters by its counters, in the URL", async () => {
    const run = failed();
    const { router, asked } = await visit(`/runs/${run.detail.id}`, new World([run]));
    await userEvent.click(await screen.findByTitle("1 failed"));
    expect(router.state.location.href).toBe(`/runs/${run.detail.id}?status=failed`);
    await waitFor(() => expect(asked.some((one) => /jobs\?status=failed/.test(one))).toBe(true));
  });

  it("takes a whole search apart into chips, in the URL, and gives them back one by one", async () => {
    const run = failed();
    const { router, asked } = await visit(`/runs/${run.detail.id}`, new World([run]));
    const field = await screen.findByRole("combobox", { name: "Filter jobs" });
    await userEvent.type(field, "status:failed rule:call_variants sample:A1 nonsense:1{Enter}");
    expect(router.state.location.href).toBe(
      `/runs/${run.detail.id}?status=failed&rule=call_variants&wildcard=sample:A1`,
    );
    expect(await screen.findByText(/No wildcard here is called “nonsense”/)).toBeTruthy();
    expect((field as HTMLInputElement).value).toBe("nonsense:1");
    await waitFor(() => expect(asked.some((one) => /jobs\?.*wildcard=sample%3AA1/.test(one))).toBe(true));
    await userEvent.click(screen.getByRole("button", { name: "Remove sample A1" }));
    expect(router.state.location.href).toBe(`/runs/${run.detail.id}?status=failed&rule=call_variants`);
    router.history.back();
    await screen.findByRole("button", { name: "Remove sample A1" });
  });

  it("offers what there is, by the keyboard", async () => {
    const run = failed();
    const { router } = await visit(`/runs/${run.detail.id}`, new World([run]));
    const field = await screen.findByRole("combobox", { name: "Filter jobs" });
    await userEvent.type(field, "sam{Tab}");
    expect((field as HTMLInputElement).value).toBe("sample:");
    await screen.findByRole("option", { name: "sample:A2" });
    await userEvent.keyboard("{ArrowDown}{ArrowDown}{Enter}");
    expect(router.state.location.href).toBe(`/runs/${run.detail.id}?wildcard=sample:A2`);
    expect((field as HTMLInputElement).value).toBe("");
    await userEvent.keyboard("word");
    await waitFor(() => expect(router.state.location.href).toContain("q=word"));
    await userEvent.keyboard("{Escape}");
    await waitFor(() => expect(router.state.location.href).not.toContain("q="));
  });

  it("opens a job at its own address with the filters kept, and closes it with Escape", async () => {
    const run = failed();
    const { router } = await visit(`/runs/${run.detail.id}?status=failed`, new World([run]));
    const number = run.jobs.find((job) => job.status === "failed")?.number;
    const table = await screen.findByRole("grid", { name: "Jobs" });
    await userEvent.click(await within(table).findByRole("link", { name: "call_variants" }));
    await screen.findByRole("complementary", { name: `Job ${number}` });
    expect(router.state.location.href).toBe(`/runs/${run.detail.id}/jobs/${number}?status=failed`);
    fireEvent.keyDown(window, { key: "Escape" });
    await waitFor(() => expect(router.state.location.href).toBe(`/runs/${run.detail.id}?status=failed`));
  });

  it("picks rows by keyboard and pointer, for CSV and the clipboard", async () => {
    const run = made_run({ status: "succeeded" }, { samples: 3, done: 1 });
    await visit(`/runs/${run.detail.id}?sort=number&status=succeeded`, new World([run]));
    const grid = await screen.findByRole("grid", { name: "Jobs" });
    await within(grid).findAllByRole("link");
    const row = (at: number) => grid.querySelector(`[data-index="${at}"]`) as HTMLElement;
    const picked = () =>
      within(grid)
        .queryAllByRole("row", { selected: true })
        .map((one) => one.dataset.index);
    (row(1).querySelector("a") as HTMLElement).focus();
    fireEvent.keyDown(document.activeElement as Element, { key: " " });
    expect(picked()).toEqual(["1"]);
    fireEvent.click(row(4).querySelector(".table-pick") as Element, { shiftKey: true });
    await waitFor(() => expect(picked()).toEqual(["1", "2", "3", "4"]));
    fireEvent.click(row(2).querySelector(".table-pick") as Element);
    expect(picked()).toEqual(["1", "3", "4"]);
    expect(screen.getByText("3 picked")).toBeTruthy();
    expect(screen.getByRole("link", { name: "CSV" }).getAttribute("href")).toMatch(
      /jobs\.csv\?numbers=1%2C3-4$/,
    );
    fireEvent.keyDown(row(1).querySelector("a") as Element, { key: "Escape" });
    expect(picked()).toEqual([]);
    expect(screen.getByRole("link", { name: "CSV" }).getAttribute("href")).toMatch(
      /jobs\.csv\?status=succeeded$/,
    );
  });

  it("keeps the columns that one chose, and sorts by a wildcard", async () => {
    const run = made_run({ status: "succeeded" }, { samples: 3, done: 1 });
    const { router } = await visit(`/runs/${run.detail.id}`, new World([run]));
    const grid = await screen.findByRole("grid", { name: "Jobs" });
    await userEvent.click(await within(grid).findByRole("button", { name: "sample" }));
    expect(router.state.location.href).toBe(`/runs/${run.detail.id}?sort=wildcard:sample`);
    await userEvent.click(screen.getByRole("button", { name: "Columns" }));
    await userEvent.click(await screen.findByRole("menuitem", { name: "Threads" }));
    await within(grid).findByRole("columnheader", { name: "Threads" });
    expect(JSON.parse(localStorage.getItem("flowo.columns") ?? "{}")).toEqual({
      [run.detail.workflow]: { threads: true },
    });
    cleanup();
    // In a run of another workflow the columns are as usual.
    const other = made_run(
      { status: "succeeded", workflow: "/data/other/Snakefile" },
      { samples: 1, done: 1 },
    );
    await visit(`/runs/${other.detail.id}`, new World([other]));
    const there = await screen.findByRole("grid", { name: "Jobs" });
    await within(there).findAllByRole("columnheader");
    expect(within(there).queryByRole("columnheader", { name: "Threads" })).toBeNull();
  });

  it("shows the message of a run that failed before any job", async () => {
    const run = made_run({ status: "failed", message: "SyntaxError in line 3" });
    await visit(`/runs/${run.detail.id}`, new World([run]));
    expect((await screen.findByRole("alert")).textContent).toContain("SyntaxError in line 3");
  });

  it("lets people say that a lost run has ended", async () => {
    const run = made_run(
      { status: "lost", ended_at: null, lost_since: new Date().toISOString() },
      { samples: 2 },
    );
    await visit(`/runs/${run.detail.id}`, new World([run]));
    await userEvent.click(await screen.findByRole("button", { name: "It has ended" }));
    await waitFor(() => expect(screen.queryByText(/Last heard/)).toBeNull());
  });

  it("says when there is no such run", async () => {
    await visit("/runs/00000000-0000-0000-0000-000000000000");
    await screen.findByText("This run is not here");
  });
});

describe("getting in", () => {
  it("asks to sign in and goes where one wanted to go", async () => {
    const world = new World([failed()]);
    world.signed_in = false;
    const wanted = `/runs/${world.runs[0]?.detail.id}?tab=log`;
    const { router } = await visit(wanted, world);
    await userEvent.type(await screen.findByLabelText(/Name or e-mail/), "ada@lab.example");
    await userEvent.type(screen.getByLabelText("Password"), "wrong");
    await userEvent.click(screen.getByRole("button", { name: /Sign in/ }));
    await screen.findByText("Name or password is not right.");
    await userEvent.clear(screen.getByLabelText("Password"));
    await userEvent.type(screen.getByLabelText("Password"), "right");
    await userEvent.click(screen.getByRole("button", { name: /Sign in/ }));
    await waitFor(() => expect(router.state.location.href).toBe(wanted));
  });

  it("explains a link that was used", async () => {
    const world = new World([]);
    world.signed_in = false;
    await visit("/sign-in?link=used", world);
    await screen.findByText(/has been used/);
    expect(await screen.findByText("flowo open")).toBeTruthy();
  });
});

describe("tokens", () => {
  it("shows a token once and takes it back", async () => {
    await visit("/tokens", new World([]));
    await userEvent.type(await screen.findByLabelText("Name"), "cluster");
    await userEvent.click(screen.getByRole("button", { name: "Make a token" }));
    await screen.findByText(/^flowo_2f9/);
    await userEvent.click(await screen.findByRole("button", { name: "Revoke cluster" }));
    await userEvent.click(screen.getByRole("button", { name: "Revoke for good" }));
    await screen.findByText("There are none yet.");
  });
});
