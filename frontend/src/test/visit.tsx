import { QueryClientProvider } from "@tanstack/react-query";
import { createMemoryHistory, RouterProvider } from "@tanstack/react-router";
import { render } from "@testing-library/react";
import { expect, onTestFinished, vi } from "vitest";
import { make_cache } from "../api/cache.ts";
import { make_router } from "../router.tsx";
import { World } from "./world.ts";

/** The whole page at an address, answered by a pretended server. Asked addresses are kept for the test to look at. */
export async function visit(address: string, world = new World()) {
  const asked: string[] = [];
  vi.stubGlobal("fetch", async (input: string, init: RequestInit = {}) => {
    const url = new URL(input);
    asked.push(`${init.method ?? "GET"} ${url.pathname}${url.search}`);
    if (url.pathname.endsWith("/stream")) return new Response(new ReadableStream(), { status: 200 });
    const text = init.body?.toString();
    const json = typeof init.body === "string" && text;
    const answer = world.answer(init.method ?? "GET", url, json ? JSON.parse(text) : text);
    return new Response(answer.body === undefined ? null : JSON.stringify(answer.body), {
      status: answer.status,
    });
  });
  onTestFinished(() => expect(world.unanswered, "asked for, and answered by nobody").toEqual([]));
  const cache = make_cache();
  const router = make_router(cache, createMemoryHistory({ initialEntries: [address] }));
  const page = render(
    <QueryClientProvider client={cache}>
      <RouterProvider router={router} />
    </QueryClientProvider>,
  );
  await router.load();
  return { ...page, router, cache, world, asked };
}
