import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, expect, it } from "vitest";

const src = join(import.meta.dirname, "..");
const written = readdirSync(src, { recursive: true, encoding: "utf8" }).filter(
  (file) => /\.tsx?$/.test(file) && !/\.gen\.ts$/.test(file),
);
const files = written.filter((file) => !/\.test\.tsx?$/.test(file) && !file.startsWith("test/"));

/** What a layer may import, beside itself. */
const below: Record<string, string[]> = {
  theme: [],
  ui: ["theme"],
  api: ["theme", "ui"],
  live: ["theme", "ui", "api"],
  views: ["theme", "ui", "api", "live"],
};

function imports(file: string): string[] {
  const text = readFileSync(join(src, file), "utf8");
  return [...text.matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g)].map((found) =>
    relative(src, join(src, dirname(file), found[1] ?? "")),
  );
}

const layer_of = (file: string) => file.split("/")[0] ?? "";
const view_of = (file: string) => file.split("/")[1];

describe("the house", () => {
  it("imports downwards only", () => {
    const wrong = files.flatMap((file) => {
      const allowed = below[layer_of(file)];
      if (!allowed) return [];
      return imports(file)
        .filter((target) => layer_of(target) !== layer_of(file) && !allowed.includes(layer_of(target)))
        .map((target) => `${file} imports ${target}`);
    });
    expect(wrong).toEqual([]);
  });

  it("has no view that imports another view", () => {
    const wrong = files
      .filter((file) => layer_of(file) === "views")
      .flatMap((file) =>
        imports(file)
          .filter((target) => layer_of(target) === "views" && view_of(target) !== view_of(file))
          .map((target) => `${file} imports ${target}`),
      );
    expect(wrong).toEqual([]);
  });

  it("keeps files small enough to be read at once", () => {
    const long = written.filter((file) => readFileSync(join(src, file), "utf8").split("\n").length > 300);
    expect(long).toEqual([]);
  });
});
