import { act, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, expect, it, vi } from "vitest";
import { keys } from "../../api/queries.ts";
import type { RunDetail, Waiting } from "../../api/types.ts";
import { ago } from "../../test/factories.ts";
import { made_run } from "../../test/made_runs.ts";
import { visit } from "../../test/visit.tsx";
import { World } from "../../test/world.ts";

const live = {
  status: "running",
  name: "now",
  started_at: ago(90),
  ended_at: null,
  last_heard_at: ago(1),
} as const;
const failing = made_run(live, { samples: 12, done: 0.8, failing: 9 });
const failure = failing.detail.first_failure;
if (!failure) throw new Error("nothing failed");

/** Reads a run in which nothing has failed yet; what it becomes while one reads is told by `becomes`. */
async function read(part: Partial<RunDetail> = {}) {
  Object.assign(failing.detail, { first_failure: null, waiting: null, status: "running" }, part);
  const id = failing.detail.id;
  const { cache } = await visit(`/runs/${id}`, new World([failing]));
  await screen.findByRole("combobox", { name: "Filter jobs" });
  const becomes = (next: Partial<RunDetail>) =>
    act(() => {
      Object.assign(failing.detail, next); // for whoever asks again
      cache.setQueryData(
        keys.detail(id),
        (before: RunDetail | undefined) => before && { ...before, ...next },
      );
    });
  return { becomes };
}

const card = () => screen.queryByRole("region", { name: "First failure" });
const folded = () => screen.queryByRole("button", { name: /^First failure: / });

afterEach(() => void vi.restoreAllMocks());

it("keeps a failure that comes while one reads folded until it is pressed, and the focus goes along", async () => {
  const { becomes } = await read();
  becomes({ first_failure: failure });
  await waitFor(() => expect(folded()).toBeTruthy());
  const heading = screen.getByRole("heading", { name: /^First failure: .*exit 137/ });
  expect(card()).toBeNull();
  await userEvent.click(within(heading).getByRole("button"));
  const fold = within(card() as HTMLElement).getByRole("button", { name: "Fold the first failure" });
  expect(document.activeElement).toBe(fold);
  expect(folded()).toBeNull();
  await userEvent.click(fold);
  expect(card()).toBeNull();
  expect(document.activeElement).toBe(folded());
});

it("opens a failure by itself where nobody looks", async () => {
  const { becomes } = await read();
  const hidden = vi.spyOn(document, "hidden", "get").mockReturnValue(true);
  becomes({ first_failure: failure });
  await waitFor(() => expect(card()).toBeTruthy());
  hidden.mockReturnValue(false);
  expect(folded()).toBeNull();
});

it("keeps what is read in place when its job is tried again, until it is folded", async () => {
  const { becomes } = await read({ first_failure: failure });
  await waitFor(() => expect(card()).toBeTruthy());
  becomes({ first_failure: null });
  await within(card() as HTMLElement).findByText(/exit 137.*, tried again since$/);
  // Another one that stands is told of beside it.
  becomes({
    first_failure: { ...failure, number: failure.number ?? 0, attempt: 7, exit_code: 3, class: null },
  });
  await waitFor(() => expect(folded()?.textContent).toContain("exit 3"));
  await userEvent.click(within(card() as HTMLElement).getByRole("button", { name: /^Fold/ }));
  expect(card()).toBeNull();
});

it("lets no notice push what is read, neither by coming nor by going", async () => {
  const waiting: Waiting = {
    reason: "cluster",
    jobs: 12,
    since: ago(840),
    cores: null,
    busy: null,
    said: null,
  };
  const { becomes } = await read();
  becomes({ waiting });
  expect(screen.queryByText(/12 jobs submitted/)).toBeNull();
  await userEvent.click(await screen.findByRole("button", { name: "Nothing runs yet" }));
  expect(screen.getByText(/12 jobs submitted/)).toBeTruthy();
  expect(document.activeElement).toBe(screen.getByRole("button", { name: "Close the notice" }));
  becomes({ waiting: null });
  await screen.findByText("Jobs run.");
  await userEvent.click(screen.getByRole("button", { name: "Close the notice" }));
  expect(screen.queryByText("Jobs run.")).toBeNull();
});
