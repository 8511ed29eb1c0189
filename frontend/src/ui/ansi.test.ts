import { describe, expect, it } from "vitest";
import { drawn, marked } from "./ansi.ts";

const texts = (text: string) => drawn(text).map((line) => line.text);

describe("a terminal's output", () => {
  it("is drawn in its colours, which go on over ends of lines", () => {
    const [first, second, third] = drawn("\x1b[1;31mError\x1b[0m: no\n\x1b[32mgreen\nstill\x1b[39m not\n");
    expect(first?.pieces).toEqual([
      { text: "Error", look: { bold: true, fg: 1 } },
      { text: ": no", look: {} },
    ]);
    expect(second?.pieces).toEqual([{ text: "green", look: { fg: 2 } }]);
    expect(third?.pieces?.[0]).toEqual({ text: "still", look: { fg: 2 } });
    expect(third?.pieces?.[1]?.look.fg).toBeUndefined();
  });

  it("knows 256 colours and those of their own", () => {
    const looks = drawn("\x1b[38;5;9ma\x1b[38;5;196mb\x1b[48;2;1;2;300mc\x1b[38;5;244;1md")[0]?.pieces;
    expect(looks?.map((piece) => piece.look.fg)).toEqual([
      9,
      "rgb(255 0 0)",
      "rgb(255 0 0)",
      "rgb(128 128 128)",
    ]);
    expect(looks?.[2]?.look.bg).toBe("rgb(1 2 255)");
    expect(looks?.[3]?.look.bold).toBe(true);
  });

  it("shows of a line that writes over itself what was written last", () => {
    expect(texts("  1 %\r 50 %\r100 %\n\rdone\r\r\nwindows\r\n")).toEqual(["100 %", "", "windows"]);
  });

  it("leaves out what is no colour, whole or cut", () => {
    expect(texts("\x1b[2J\x1b[Hhome\x1b]0;title\x07\x1b(B\x1b[?25l!\x08\x07\x00\n\x1b[3\n\x1b\n")).toEqual([
      "home!",
      "[3",
      "",
    ]);
    expect(texts('<img src=x onerror="alert(1)">')).toEqual(['<img src=x onerror="alert(1)">']);
  });

  it("marks what was found over pieces", () => {
    const [line] = drawn("an \x1b[31mErr\x1b[0mor, error\n");
    const parts = line ? marked(line, "ERROR") : [];
    expect(parts.filter((part) => part.found).map((part) => part.text)).toEqual(["Err", "or", "error"]);
    expect(parts.map((part) => part.text).join("")).toBe("an Error, error");
  });
});
