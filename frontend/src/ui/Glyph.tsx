const paths = {
  copy: "M6 5.5V3.2A.7.7 0 0 1 6.7 2.5h6.1a.7.7 0 0 1 .7.7v6.1a.7.7 0 0 1-.7.7H10.5M3.2 6h6.1a.7.7 0 0 1 .7.7v6.1a.7.7 0 0 1-.7.7H3.2a.7.7 0 0 1-.7-.7V6.7A.7.7 0 0 1 3.2 6z",
  tick: "M3 8.6l3.4 3.5L13 4.4",
  edit: "M10.7 2.8l2.5 2.5L5.5 13l-3 .5.5-3z",
  close: "M4 4l8 8M12 4l-8 8",
  left: "M9.8 3.5L5.3 8l4.5 4.5",
  right: "M6.2 3.5L10.7 8l-4.5 4.5",
  more: "M3.2 8v.1M8 8v.1M12.8 8v.1",
  bell: "M8 2.2a3.7 3.7 0 0 1 3.7 3.7c0 3.3 1.3 4.6 1.3 4.6H3s1.3-1.3 1.3-4.6A3.7 3.7 0 0 1 8 2.2zM6.7 13.2h2.6",
  up: "M3.5 9.8L8 5.3l4.5 4.5",
  down: "M3.5 6.2L8 10.7l4.5-4.5",
  search: "M7 2.5a4.5 4.5 0 1 1 0 9a4.5 4.5 0 1 1 0-9zM10.3 10.3L13.5 13.5",
  sun: "M8 5.2a2.8 2.8 0 1 1 0 5.6a2.8 2.8 0 1 1 0-5.6zM8 1.6v1.2M8 13.2v1.2M1.6 8h1.2M13.2 8h1.2M3.5 3.5l.8.8M11.7 11.7l.8.8M12.5 3.5l-.8.8M4.3 11.7l-.8.8",
  moon: "M13 9.6A5.6 5.6 0 0 1 6.4 3a5.6 5.6 0 1 0 6.6 6.6z",
  screen: "M2.5 3.5h11v7.5h-11zM6 13.5h4",
  fit: "M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10",
  plus: "M8 3.5v9M3.5 8h9",
  minus: "M3.5 8h9",
  fold: "M4.5 2.5L8 6l3.5-3.5M4.5 13.5L8 10l3.5 3.5",
  unfold: "M4.5 6L8 2.5 11.5 6M4.5 10L8 13.5l3.5-3.5",
  tag: "M2.5 2.5h5l6 6-5 5-6-6zM5.3 5.3v.1",
  only: "M2.5 3h11L9.3 8.2v4.6L6.7 11.3V8.2z",
  columns: "M2.5 3h11v10h-11zM6.2 3v10M9.8 3v10",
  save: "M8 2.5v7.5M4.8 7L8 10.2 11.2 7M3 13.2h10",
  side: "M2.5 3h11v10h-11zM7 3v10",
  wrap: "M2.5 4h11M2.5 8h8.7a2 2 0 0 1 0 4H8.5M10 10.3L8.3 12 10 13.7M2.5 12h3",
  end: "M8 2.5v8M4.5 7.2L8 10.7l3.5-3.5M3.5 13.5h9",
} as const;

export type GlyphName = keyof typeof paths;

/** The few line drawings that buttons carry; the button says the word. */
export function Glyph({ name, size = 16 }: { name: GlyphName; size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.4"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      style={{ flex: "none" }}
    >
      <path d={paths[name]} />
    </svg>
  );
}
