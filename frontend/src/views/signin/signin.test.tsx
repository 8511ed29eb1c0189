import { fireEvent, screen, waitFor } from "@testing-library/react";
import { expect, it } from "vitest";
import { made_run } from "../../test/made_runs.ts";
import { visit } from "../../test/visit.tsx";
import { World } from "../../test/world.ts";

const world = (signed_in: boolean) => Object.assign(new World([made_run({ name: "mine" })]), { signed_in });

it("goes back to where one was once another tab has signed in", async () => {
  const made = world(false);
  const address = `/runs/${made.runs[0]?.detail.id}?tab=info`;
  const { router } = await visit(address, made);
  await screen.findByText("flowo open");
  expect(router.state.location.pathname).toBe("/sign-in");
  fireEvent.focus(window);
  await screen.findByText("flowo open");
  made.signed_in = true;
  fireEvent.focus(window);
  await screen.findByRole("heading", { name: "mine" });
  expect(router.state.location.href).toBe(address);
});

it("does not keep who is signed in and loads the page anew", async () => {
  const { router } = await visit("/sign-in?next=/runs%3Fstatus%3Dfailed", world(true));
  await waitFor(() => expect(router.state.location.href).toBe("/runs?status=failed"));
});

it("says what is wrong with a link, whoever is signed in", async () => {
  const { asked } = await visit("/sign-in?link=used", world(true));
  await screen.findByText(/This link has been used/);
  expect(asked.some((one) => one.includes("/me"))).toBe(false);
});
