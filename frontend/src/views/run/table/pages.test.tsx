import { QueryClientProvider } from "@tanstack/react-query";
import { act, renderHook, waitFor } from "@testing-library/react";
import type { ReactNode } from "react";
import { expect, it, vi } from "vitest";
import { make_cache } from "../../../api/cache.ts";
import { job_page_key, job_page_size } from "../../../api/job_pages.ts";
import type { JobFilter } from "../../../api/queries.ts";
import { useJobs } from "./pages.ts";

const filter: JobFilter = { status: [], rule: [], wildcard: [], id: [], q: "", sort: "status" };

/** A server that lists jobs in some order, by pages that begin behind a job. */
function listing(order: { now: number[] }) {
  vi.stubGlobal("fetch", async (input: string) => {
    const url = new URL(input);
    if (url.pathname.endsWith("/count")) return Response.json({ count: order.now.length, rules: {} });
    const cursor = url.searchParams.get("cursor");
    const begin = cursor ? order.now.indexOf(Number(cursor)) + 1 : 0;
    const items = order.now.slice(begin, begin + job_page_size).map((number) => ({ number }));
    const more = begin + job_page_size < order.now.length;
    return Response.json({ items, next: more ? String(items.at(-1)?.number) : null });
  });
}

it("shows each job once, whichever page was asked for last", async () => {
  const numbers = Array.from({ length: 2 * job_page_size + 1 }, (_, i) => i);
  const order = { now: numbers };
  listing(order);
  const cache = make_cache();
  const wrapper = ({ children }: { children: ReactNode }) => (
    <QueryClientProvider client={cache}>{children}</QueryClientProvider>
  );
  const { result } = renderHook(() => useJobs("r", filter, 0, numbers.length - 1, false), { wrapper });
  const shown = () => numbers.map((_, place) => result.current.at(place)?.number);
  await waitFor(() => expect(shown()).toEqual(order.now));

  order.now = numbers.toReversed();
  for (const page of [2, 1, 0]) {
    await act(() => cache.invalidateQueries({ queryKey: job_page_key("r", filter, page) }));
  }
  await waitFor(() => expect(shown()).toEqual(order.now), { timeout: 3000 });
});
