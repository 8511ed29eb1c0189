import { fireEvent, render } from "@testing-library/react";
import { expect, it, vi } from "vitest";
import { focused, known, useKeys } from "./keys.ts";

function Heard({ open, close }: { open: () => void; close: () => void }) {
  useKeys({ open, close });
  return (
    <>
      <button type="button">Columns</button>
      <input />
      <p>text</p>
    </>
  );
}

it("hears known keys only while nobody types and nothing that is open wants them", () => {
  const [open, close] = [vi.fn(), vi.fn()];
  const { getByRole, getByText, container } = render(<Heard open={open} close={close} />);
  fireEvent.keyDown(getByText("text"), { key: "Enter" });
  expect(open).toHaveBeenCalledTimes(1);
  // A button that has the focus is what Enter is meant for.
  const event = fireEvent.keyDown(getByRole("button"), { key: "Enter" });
  expect(event).toBe(true);
  fireEvent.keyDown(getByRole("textbox"), { key: "Enter" });
  expect(open).toHaveBeenCalledTimes(1);
  const menu = document.createElement("div");
  menu.className = "ant-dropdown-open";
  container.append(menu);
  fireEvent.keyDown(getByText("text"), { key: "Escape" });
  expect(close).not.toHaveBeenCalled();
  menu.className = "";
  fireEvent.keyDown(getByText("text"), { key: "Escape" });
  expect(close).toHaveBeenCalledTimes(1);
});

it("tells no key twice in one place", () => {
  const press = Object.values(known).map((one) => one.press);
  expect(new Set(press).size).toBe(press.length);
  for (const [where, lines] of focused) {
    const keys = lines.flatMap(([pressed]) => pressed);
    if (where !== "Elsewhere") expect(new Set(keys).size, where).toBe(keys.length);
  }
});
