import { screen, within } from "@testing-library/react";
import { expect, it } from "vitest";
import { made_run } from "../../../test/made_runs.ts";
import { visit } from "../../../test/visit.tsx";
import { World } from "../../../test/world.ts";

const patience = { timeout: 10_000 };

it("shows the code of a job's rule with the lines of its files", async () => {
  const run = made_run({}, { samples: 1, done: 1 });
  const rule = run.jobs[0]?.rule;
  await visit(`/runs/${run.detail.id}/jobs/${run.jobs[0]?.number}?jobtab=code`, new World([run]));
  const code = await screen.findByRole("region", { name: "rule" }, patience);
  expect(code.textContent).toMatch(new RegExp(`^41rule ${rule}:`));
  expect(screen.getByText("/data/rna7/workflow/Snakefile:41")).toBeTruthy();
  expect(screen.getByRole("region", { name: "script" }).textContent).toMatch(/^1import gzip/);
  expect(screen.getByText("There is no such file.")).toBeTruthy();
  expect(screen.getByText("docker://lab/map:1")).toBeTruthy();
});

it("shows the configuration, and the files with their hashes", async () => {
  const run = made_run({}, { samples: 1, done: 1 });
  await visit(`/runs/${run.detail.id}?tab=info`, new World([run]));
  const config = await screen.findByRole("region", { name: "configuration" }, patience);
  expect(config.textContent).toContain("samples:\n  A: data/A.fastq");
  expect(config.textContent).toContain('api_token: "***"');
  const hash = within(document.body).getByTitle(/^SHA-256 5c62b1f0/);
  expect(hash.textContent).toBe("5c62b1f0f1a5");
});
