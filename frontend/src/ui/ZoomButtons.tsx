import { Glyph } from "./Glyph.tsx";

/** Closer, farther, all: of every drawing that can be zoomed. `keys`: it also hears +, - and 0. */
export function ZoomButtons({
  zoom,
  all,
  keys = false,
}: {
  /** Closer for 1. */
  zoom: (to: 1 | -1) => void;
  all: () => void;
  keys?: boolean;
}) {
  const button = (name: string, key: string, glyph: "plus" | "minus" | "fit", act: () => void) => (
    <button
      type="button"
      className="icon-button"
      aria-label={name}
      title={keys ? `${name} (${key})` : name}
      onClick={act}
    >
      <Glyph name={glyph} />
    </button>
  );
  return (
    <>
      {button("Closer", "+", "plus", () => zoom(1))}
      {button("Farther", "-", "minus", () => zoom(-1))}
      {button("Show all", "0", "fit", all)}
    </>
  );
}
