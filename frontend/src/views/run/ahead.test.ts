import { waitFor } from "@testing-library/react";
import { expect, it, vi } from "vitest";
import { make_cache } from "../../api/cache.ts";
import { look_ahead } from "./ahead.ts";

/** What is asked for when nothing but who is there is answered, and that with `status`. */
function asked_for(search: Parameters<typeof look_ahead>[2], status: number) {
  const asked: string[] = [];
  vi.stubGlobal("fetch", (input: string) => {
    const url = new URL(input);
    asked.push(url.pathname.replace("/api/v1/", "") + url.search);
    return url.pathname.endsWith("/me")
      ? Promise.resolve(new Response(JSON.stringify({}), { status }))
      : new Promise(() => {});
  });
  look_ahead(make_cache(), "r", search);
  return asked;
}

it("asks for all that a run's page opens with at once", async () => {
  const asked = asked_for({ rule: ["map"], sort: "number" }, 200);
  await waitFor(() => expect(asked.length).toBe(5));
  expect(asked.sort()).toEqual([
    "me",
    "runs/r",
    "runs/r/jobs/count?rule=map",
    "runs/r/jobs?rule=map&sort=number&limit=200",
    "runs/r/rulegraph",
  ]);
});

it("asks for no jobs where another pane is shown", async () => {
  const asked = asked_for({ tab: "log" }, 200);
  await waitFor(() => expect(asked).toEqual(["me", "runs/r", "runs/r/rulegraph"]));
});

it("asks for nothing of a run before one has signed in", async () => {
  const asked = asked_for({}, 401);
  await new Promise((done) => setTimeout(done, 50));
  expect(asked).toEqual(["me"]);
});
