import { describe, expect, it } from "vitest";
import { a_job_detail } from "../../../test/details.ts";
import { a_job, a_run } from "../../../test/factories.ts";
import { share_text, used_against_asked } from "./used.ts";

const [attempt] = a_job_detail(a_job({ number: 3, status: "succeeded", attempt: 1 }), a_run(), []).attempts;
if (!attempt) throw new Error("no attempt was made");

describe("what was used, against what was asked for", () => {
  it("tells shares in one unit: Snakemake measures in MiB and asks in MB, in minutes, in threads", () => {
    const one = {
      ...attempt,
      figures: { max_rss: 1000, mean_load: 150 },
      resources: { mem_mb: 2097.152, runtime: 10 },
      run_seconds: 60,
    };
    const uses = used_against_asked(one, 2);
    expect(uses.map((use) => [use.what, use.share])).toEqual([
      ["memory", 0.5],
      ["time", 0.1],
      ["CPU", 0.75],
    ]);
    expect(uses.map(share_text)).toEqual(["50 % of 2.1 GB", "10 % of 10 min 00 s", "75 % of 200 %"]);
  });
  it("claims no share where nothing was asked for, and nothing that was not measured", () => {
    const one = { ...attempt, figures: { max_rss: 10 }, resources: { mem_mb: "<TBD>" }, run_seconds: null };
    expect(used_against_asked(one, null).map((use) => [use.what, share_text(use)])).toEqual([["memory", ""]]);
    expect(used_against_asked({ ...one, figures: null }, 4)).toEqual([]);
  });
});
