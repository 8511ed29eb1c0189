import { render } from "@testing-library/react";
import { expect, test } from "vitest";
import { Words } from "./Words.tsx";

test("a command's options stay whole where it is broken into lines, and its text is the same", () => {
  const text = "cd /data && snakemake -k --rerun-incomplete  --until a-b.bam '--x y'";
  const { container } = render(<Words text={text} />);
  expect(container.textContent).toBe(text);
  const whole = [...container.querySelectorAll(".unbroken")].map((one) => one.textContent);
  expect(whole).toEqual(["-k", "--rerun-incomplete", "--until"]);
});
