import { look_of, statuses } from "./status.ts";

const system = window.matchMedia("(prefers-color-scheme: dark)");
/** Steps in which the ring of a running run fills: an icon drawn anew for each job would flicker. */
const steps = 16;

export interface TabIcon {
  status: string;
  /** 0 to 1; drawn while it runs. */
  progress: number;
  /** Whether jobs failed while it runs. */
  failing: boolean;
}

const ring = (x: number, y: number, share: number) => {
  const at = 2 * Math.PI * Math.min(share, 0.9999);
  const end = `${(x + 5.8 * Math.sin(at)).toFixed(2)} ${(y - 5.8 * Math.cos(at)).toFixed(2)}`;
  return `M${x} ${y - 5.8}A5.8 5.8 0 ${share > 0.5 ? 1 : 0} 1 ${end}`;
};

/** The tab's icon as a data URL: the shape of the status; of a running run a ring that fills, with a dot where jobs failed. */
export function tab_icon({ status, progress, failing }: TabIcon): string {
  const shade = system.matches ? "dark" : "light"; // the browser's own, not the one chosen for pages
  const { glyph, ...colours } = look_of(status);
  const moving = status === "running";
  const share = Math.max(1, Math.floor(progress * steps)) / steps;
  const parts = moving
    ? [
        `<circle cx="8" cy="8" r="5.8" opacity=".3"/><path d="${ring(8, 8, share)}"/>`,
        failing && `<circle cx="8" cy="8" r="2.6" fill="${statuses.failed[shade]}" stroke="none"/>`,
      ]
    : [
        glyph.faint &&
          `<path d="${glyph.faint}" stroke-width="1.6" stroke-dasharray="${glyph.dash ?? "none"}"/>`,
        `<path d="${glyph.path}"/>`,
      ];
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16" fill="none" stroke="${colours[shade]}" ` +
    `stroke-width="2.4" stroke-linecap="round" stroke-linejoin="round">${parts.filter(Boolean).join("")}</svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}
