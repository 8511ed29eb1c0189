import { screen, waitFor } from "@testing-library/react";
import { expect, it } from "vitest";
import { made_run } from "../../../test/made_runs.ts";
import { visit } from "../../../test/visit.tsx";
import { World } from "../../../test/world.ts";

it.each(["wildcard=xx", "status=nonsense", "sort=evil", "status=nonsense&rule=all&tab=zzz"])(
  "opens at an address of which a part means nothing: %s",
  async (part) => {
    const run = made_run({}, { samples: 3 });
    const { asked, router } = await visit(`/runs/${run.detail.id}?${part}`, new World([run]));
    const grid = await screen.findByRole("grid", { name: "Jobs" });
    await waitFor(() => expect(grid.querySelector("a")).not.toBeNull());
    const lists = asked.filter((one) => /\/jobs\?/.test(one));
    const chosen = part.includes("rule=") ? "rule=all&" : "";
    expect(lists.map((one) => one.split("?")[1])).toEqual([`${chosen}sort=status&limit=200`]);
    expect(router.state.location.href).not.toMatch(/nonsense|evil|xx/);
  },
);
