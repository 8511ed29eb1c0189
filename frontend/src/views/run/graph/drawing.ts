/** The graph as a picture of its own: SVG text in light colours, and PNG made from it. */
import { light } from "../../../theme/palette.ts";
import { job_statuses, statuses } from "../../../theme/status.ts";
import type { Counts } from "../../../ui/CountsBar.tsx";
import type { Link } from "./fold.ts";
import { type Layout, link_key, rounded } from "./layout.ts";

export interface Drawn {
  id: string;
  title: string;
  counts: Counts;
  /** What stands in the second line, left and right. */
  done: string;
  took: string;
  folded: boolean;
}

const margin = 24;
const head = 32;
const font = "system-ui, -apple-system, 'Segoe UI', 'Liberation Sans', Arial, sans-serif";

// Control characters cannot stand in XML at all.
const plain = (text: string) =>
  text.replace(/\p{Cc}/gu, " ").replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);

/** Cut to a width in pixels, roughly: nothing measures text here. */
const cut = (text: string, width: number) => {
  const most = Math.max(1, Math.floor(width / 7));
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
};

function bar(counts: Counts, x: number, y: number, width: number): string {
  let at = x;
  const parts = job_statuses
    .filter((status) => status !== "planned" && (counts[status] ?? 0) > 0)
    .map((status) => {
      const share = Math.max(
        status === "failed" ? 3 : 1,
        ((counts[status] ?? 0) / Math.max(1, counts.total)) * width,
      );
      const long = Math.min(share, x + width - at);
      const part = `<rect x="${at.toFixed(1)}" y="${y}" width="${Math.max(0, long).toFixed(1)}" height="4" fill="${statuses[status].light}"/>`;
      at += long;
      return part;
    });
  return `<rect x="${x}" y="${y}" width="${width}" height="4" fill="${light.line}"/>${parts.join("")}`;
}

export function drawing(title: string, boxes: Drawn[], links: Link[], layout: Layout): string {
  const places = boxes.flatMap(({ id }) => layout.nodes.get(id) ?? []);
  const bends = links.flatMap(({ source, target }) => layout.links.get(link_key(source, target)) ?? []);
  const right = Math.max(0, ...places.map((p) => p.x + p.width), ...bends.map((p) => p.x));
  const bottom = Math.max(0, ...places.map((p) => p.y + p.height), ...bends.map((p) => p.y));
  const [width, height] = [
    Math.ceil(Math.max(right, 320) + 2 * margin),
    Math.ceil(bottom + 2 * margin + head),
  ];
  const lines = links.flatMap(({ source, target }) => {
    const points = layout.links.get(link_key(source, target));
    return points
      ? `<path d="${rounded(points)}" fill="none" stroke="${light.line_strong}" stroke-width="1.3" marker-end="url(#end)"/>`
      : [];
  });
  const drawn = boxes.flatMap(({ id, title: name, counts, done, took, folded }) => {
    const place = layout.nodes.get(id);
    if (!place) return [];
    const { x, y, width: w, height: h } = place;
    const outline = (by: number) =>
      `<rect x="${x + by}" y="${y + by}" width="${w}" height="${h}" rx="6" fill="${light.panel}" stroke="${light.line_strong}"${counts.total === 0 ? ' stroke-dasharray="3 3"' : ""}/>`;
    return [
      folded ? outline(3) : "",
      outline(0),
      `<text x="${x + 10}" y="${y + 20}" font-weight="600" fill="${light.text}">${plain(cut(name, w - 20))}<title>${plain(name)}</title></text>`,
      `<text x="${x + 10}" y="${y + 36}" font-size="12" fill="${light.text_soft}">${plain(done)}</text>`,
      `<text x="${x + w - 10}" y="${y + 36}" font-size="12" text-anchor="end" fill="${light.text_faint}">${plain(took)}</text>`,
      bar(counts, x + 10, y + 44, w - 20),
    ].join("");
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="${font}" font-size="13">
<defs><marker id="end" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path d="M0 0L8 4L0 8z" fill="${light.line_strong}"/></marker></defs>
<rect width="100%" height="100%" fill="${light.page}"/>
<text x="${margin}" y="${margin + 4}" font-weight="600" fill="${light.text}">${plain(cut(title, width - 2 * margin))}</text>
<g transform="translate(${margin} ${margin + head})">
${[...lines, ...drawn].join("\n")}
</g>
</svg>
`;
}

/** Browsers draw no larger canvas than this on a side. */
const most_side = 16_000;

/** The picture with twice its pixels, or with fewer where a canvas could not hold it. */
export async function png_of(svg: string): Promise<Blob> {
  const url = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    const scale = Math.min(2, most_side / Math.max(image.width, image.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(image.width * scale);
    canvas.height = Math.round(image.height * scale);
    canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
    return await new Promise((done, fail) =>
      canvas.toBlob(
        (made) => (made ? done(made) : fail(new Error("The picture is too large."))),
        "image/png",
      ),
    );
  } finally {
    URL.revokeObjectURL(url);
  }
}

export function save(name: string, body: Blob) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(body);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
