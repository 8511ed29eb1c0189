import { act, fireEvent, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it } from "vitest";
import { keys } from "../../../api/queries.ts";
import type { RunDetail } from "../../../api/types.ts";
import { made_run } from "../../../test/made_runs.ts";
import { visit } from "../../../test/visit.tsx";
import { World } from "../../../test/world.ts";
import { changed_tags } from "./patch.ts";

/** A run's page of a server that can refuse what one changes, and where somebody else can change it meanwhile. */
async function opened(part: Partial<RunDetail> = {}) {
  const run = made_run({ name: "batch 7", tags: ["lab", "qc"], note: "", ...part }, { samples: 3 });
  const world = new World([run]);
  const server = { refuses: false, patched: [] as unknown[] };
  const answer = world.answer.bind(world);
  world.answer = (method, url, body) => {
    if (method !== "PATCH") return answer(method, url, body);
    server.patched.push(body);
    if (server.refuses) return { status: 500, body: { detail: "The server broke" } };
    run.detail = { ...run.detail, ...(body as Partial<RunDetail>) };
    return { status: 200, body: run.detail };
  };
  const address = `/runs/${run.detail.id}`;
  let page = await visit(address, world);
  await screen.findByRole("heading", { name: "batch 7" });
  const again = async () => {
    page.unmount();
    page = await visit(address, world);
    await screen.findByRole("heading", { name: "batch 7" });
  };
  const meanwhile = (change: Partial<RunDetail>) =>
    act(() => page.cache.setQueryData(keys.detail(run.detail.id), { ...run.detail, ...change }));
  return { server, meanwhile, again };
}

const press = (name: string) => userEvent.click(screen.getByRole("button", { name }));
const field = (name: string | RegExp) => screen.findByRole<HTMLInputElement>("textbox", { name });
const focused = (name: string) =>
  waitFor(() => expect(document.activeElement).toBe(screen.getByRole("button", { name })));

it("keeps what was typed where the server refuses it, and gives the focus back", async () => {
  const { server } = await opened();
  server.refuses = true;
  await press("Rename");
  await userEvent.clear(await field("Name of the run"));
  await userEvent.type(await field("Name of the run"), "a long name{Enter}");
  expect((await screen.findByRole("alert")).textContent).toBe("Not renamed: The server broke");
  expect((await field("Name of the run")).value).toBe("a long name");
  server.refuses = false;
  await userEvent.type(await field("Name of the run"), "er{Enter}");
  await screen.findByRole("heading", { name: "a long nameer" });
  expect(screen.queryByRole("alert")).toBeNull();
  await focused("Rename");
  await press("Rename");
  await userEvent.type(await field("Name of the run"), "nothing{Escape}");
  await screen.findByRole("heading", { name: "a long nameer" });
  await focused("Rename");

  server.refuses = true;
  await press("Change tags");
  await userEvent.type(await field(/^Tags/), " new{Enter}");
  expect((await screen.findByRole("alert")).textContent).toContain("The server broke");
  expect((await field(/^Tags/)).value).toBe("lab qc new");
});

it("does not undo what another changed meanwhile", async () => {
  const { server, meanwhile } = await opened();
  await press("Rename");
  const name = await field("Name of the run");
  await meanwhile({ name: "batch 7b" });
  fireEvent.keyDown(name, { key: "Enter", code: "Enter" });
  await screen.findByRole("heading", { name: "batch 7b" });
  expect(server.patched).toEqual([]);

  await press("Change tags");
  const tags = await field(/^Tags/);
  await meanwhile({ tags: ["lab", "qc", "theirs"] });
  await userEvent.clear(tags);
  await userEvent.type(tags, "qc mine{Enter}");
  await waitFor(() => expect(server.patched).toEqual([{ tags: ["qc", "theirs", "mine"] }]));
});

it("changes tags by what was taken out and put in", () => {
  expect(changed_tags(["a", "b"], ["a", "b"], ["b", "c"])).toEqual(["b", "c"]);
  expect(changed_tags(["a", "b", "x"], ["a", "b"], ["a", "b"])).toEqual(["a", "b", "x"]);
  expect(changed_tags(["b"], ["a", "b"], ["a", "b", "c"])).toEqual(["b", "c"]);
});

it("keeps a note that was typed until it is saved or given up, and says what another wrote", async () => {
  const { server, meanwhile, again } = await opened();
  await press("Add a note");
  await userEvent.type(await field("Note"), "precious{Escape}");
  await focused("note, not saved");
  await again(); // as it is when the server was away
  await press("note, not saved");
  expect((await field("Note")).value).toBe("precious");

  server.refuses = true;
  await press("Save");
  expect((await screen.findByRole("alert")).textContent).toBe("Not saved: The server broke");
  expect((await field("Note")).value).toBe("precious");

  server.refuses = false;
  await meanwhile({ note: "theirs" });
  await screen.findByText("theirs", { selector: "q" });
  await press("Save mine in its place");
  await focused("precious");
  expect(sessionStorage).toHaveLength(0);
  expect(server.patched.at(-1)).toEqual({ note: "precious" });

  await press("precious");
  await userEvent.type(await field("Note"), " more");
  await press("Discard");
  await press("precious");
  expect((await field("Note")).value).toBe("precious");
  await meanwhile({ note: "read by who typed nothing" });
  await waitFor(async () => expect((await field("Note")).value).toBe("read by who typed nothing"));
});

it("shows so many tags as there is room for, and how many more there are", async () => {
  await opened({ tags: ["a", "b", "c", "d", "e", "f"] });
  const more = await screen.findByText("3 more");
  expect(more.title).toBe("#d #e #f");
  const tags = more.parentElement as HTMLElement;
  expect(within(tags).getByRole("button", { name: "Change tags" })).toBeTruthy();
});
