import { describe, expect, it } from "vitest";
import { longest_chain } from "./chain.ts";

describe("the longest chain", () => {
  it("goes by what jobs took, not by how many they are", () => {
    // 0 → 1 → 3 and 0 → 2 → 3
    expect(longest_chain([0, 1, 0, 2, 1, 3, 2, 3], [1, 5, 2, 1])).toEqual({ jobs: [0, 1, 3], total: 7 });
    expect(longest_chain([0, 1, 0, 2, 1, 3, 2, 3], [1, 5, 6, 1])).toEqual({ jobs: [0, 2, 3], total: 8 });
    expect(longest_chain([0, 1, 1, 2], [1, 1, 1, 9])).toEqual({ jobs: [3], total: 9 });
  });

  it("ends where nothing was measured any more, and leads through what took no time", () => {
    expect(longest_chain([0, 1, 1, 2, 2, 3], [4, 0, 3, 0])).toEqual({ jobs: [0, 1, 2], total: 7 });
    expect(longest_chain([0, 1, 1, 2], [4, Number.NaN, 0])).toEqual({ jobs: [0], total: 4 });
  });

  it("is none where nothing ran, and ends in a loop", () => {
    expect(longest_chain([0, 1], [0, 0])).toEqual({ jobs: [], total: 0 });
    expect(longest_chain([], [])).toEqual({ jobs: [], total: 0 });
    expect(longest_chain([0, 1, 1, 2, 2, 1], [1, 5, 5])).toEqual({ jobs: [0], total: 1 });
  });

  it("finds it among 100,000 jobs in layers", () => {
    const size = 100_000;
    const width = 1000;
    const edges: number[] = [];
    for (let i = width; i < size; i++)
      edges.push(i - width, i, ((i * 7) % width) + i - width - (i % width), i);
    const took = Float64Array.from({ length: size }, (_, i) => (i % width === 3 ? 3 : 1));
    const { jobs, total } = longest_chain(edges, took);
    expect(total).toBe(300);
    expect(jobs).toHaveLength(100);
    expect(jobs.every((job) => job % width === 3)).toBe(true);
  });
});
