const plain = /^[A-Za-z_./][\w ./+@-]*$/;
const words = /^(?:true|false|yes|no|on|off|null|none)$/i;

function scalar(value: unknown): string {
  if (typeof value !== "string") return JSON.stringify(value ?? null);
  return plain.test(value) && !words.test(value) && value.trim() === value ? value : JSON.stringify(value);
}

const nested = (value: unknown): value is object =>
  typeof value === "object" && value !== null && Object.keys(value).length > 0;

function lines_of(value: object, indent: string): string[] {
  if (Array.isArray(value)) {
    return value.flatMap((item) => {
      if (!nested(item)) return `${indent}- ${scalar(item)}`;
      const [head = "", ...rest] = lines_of(item, `${indent}  `);
      return [`${indent}- ${head.trimStart()}`, ...rest];
    });
  }
  return Object.entries(value).flatMap(([key, item]) =>
    nested(item)
      ? [`${indent}${scalar(key)}:`, ...lines_of(item, `${indent}  `)]
      : `${indent}${scalar(key)}: ${scalar(item)}`,
  );
}

/** JSON data as YAML, which is how people write configurations. */
export const to_yaml = (value: unknown): string =>
  nested(value) ? `${lines_of(value, "").join("\n")}\n` : `${scalar(value)}\n`;
