import { expect, test } from "vitest";
import { to_yaml } from "./yaml.ts";

test("data as people write it", () => {
  const data = {
    samples: { A: "data/A.fastq", B: ["x", 3, null] },
    steps: [{ name: "map", on: true }, ["a", "b"]],
    "odd key:": "true",
    empty: {},
    none: [],
    text: "two\nlines",
  };
  expect(to_yaml(data)).toBe(
    [
      "samples:",
      "  A: data/A.fastq",
      "  B:",
      "    - x",
      "    - 3",
      "    - null",
      "steps:",
      "  - name: map",
      '    "on": true',
      "  - - a",
      "    - b",
      '"odd key:": "true"',
      "empty: {}",
      '"none": []',
      'text: "two\\nlines"',
      "",
    ].join("\n"),
  );
  expect(to_yaml(null)).toBe("null\n");
});
