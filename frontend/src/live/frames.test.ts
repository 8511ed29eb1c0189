import { describe, expect, it } from "vitest";
import { type Frame, frame_reader } from "./frames.ts";

const text =
  'retry: 3000\n\n: ping\n\nid: 7\nevent: run\ndata: {"a":\ndata: 1}\n\nevent: hello\r\ndata: {}\r\n\r\n';
const wanted: Frame[] = [
  { event: "run", data: '{"a":\n1}', id: "7" },
  { event: "hello", data: "{}", id: "7" },
];

describe("frames", () => {
  it("are the same wherever the text is cut", () => {
    for (let cut = 0; cut < text.length; cut++) {
      const got: Frame[] = [];
      const read = frame_reader((frame) => got.push(frame));
      read(text.slice(0, cut));
      read(text.slice(cut));
      expect(got).toEqual(wanted);
    }
  });
});
