import { expect, it } from "vitest";
import { job_statuses } from "../theme/status.ts";
import { graph_of, same_plan } from "./graph.ts";
import type { Graph } from "./types.ts";

const told: Graph = {
  generation: 1,
  rules: ["a", "b"],
  number: [1, 2],
  rule: [0, 1],
  status: ["succeeded", "running"],
  edges: [0, 1],
};

it("keeps the very arrays of a plan that stays, with the statuses that are new", () => {
  const held = graph_of(told);
  const next = same_plan(held, graph_of({ ...told, status: ["succeeded", "failed"] }));
  expect(next.edges).toBe(held.edges);
  expect(next.number).toBe(held.number);
  expect(next.status[1]).toBe(job_statuses.indexOf("failed"));
  const more = graph_of({
    ...told,
    number: [1, 2, 3],
    rule: [0, 1, 1],
    status: ["running", "planned", "planned"],
  });
  expect(same_plan(held, more)).toBe(more);
  expect(same_plan(undefined, more)).toBe(more);
});

it("takes a status that a newer server tells for planned", () => {
  expect(graph_of({ ...told, status: ["odd" as never, "running"] }).status[0]).toBe(
    job_statuses.indexOf("planned"),
  );
});
