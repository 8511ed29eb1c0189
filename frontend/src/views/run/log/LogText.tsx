import type { Look, Piece } from "../../../ui/ansi.ts";

/** A colour of the program's own keeps its hue, and gets a lightness that can be read in this theme: its terminal was another. */
const shade = (name: "fg" | "bg", value: Look["fg"]): string | undefined => {
  if (value === undefined) return undefined;
  if (typeof value === "number") return `var(--ansi-${name}-${value})`;
  return `oklch(from ${value} clamp(var(--ansi-${name}-least), l, var(--ansi-${name}-most)) c h)`;
};

function style_of({ fg, bg, bold, dim, italic, underline, inverse }: Look) {
  return {
    color: inverse ? "var(--sunken)" : shade("fg", fg),
    background: inverse ? (shade("fg", fg) ?? "var(--text)") : shade("bg", bg),
    fontWeight: bold ? 700 : undefined,
    opacity: dim ? 0.75 : undefined,
    fontStyle: italic ? "italic" : undefined,
    textDecoration: underline ? "underline" : undefined,
  };
}

/** The text of one line, in its colours and with hits marked. */
export function LogText({ pieces }: { pieces: (Piece & { found: boolean })[] }) {
  return (
    <span className="log-text">
      {pieces.map(({ text, look, found }, i) =>
        found ? (
          <mark key={i}>{text}</mark>
        ) : (
          <span key={i} style={style_of(look)}>
            {text}
          </span>
        ),
      )}
    </span>
  );
}
