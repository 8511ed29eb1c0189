import type { Look, Piece } from "./ansi.ts";

const shade = (name: "fg" | "bg", value: Look["fg"]): string | undefined =>
  typeof value === "number" ? `var(--ansi-${name}-${value})` : value;

function style_of({ fg, bg, bold, dim, italic, underline, inverse }: Look) {
  const [text, ground] = inverse ? [bg, fg] : [fg, bg];
  return {
    color: shade("fg", text) ?? (inverse ? "var(--sunken)" : undefined),
    background: shade("bg", ground) ?? (inverse ? "var(--text)" : undefined),
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
