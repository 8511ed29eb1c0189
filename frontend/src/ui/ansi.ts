/** How a piece of a terminal's output looks: colours 0–15 of the theme, or one of their own. */
export interface Look {
  fg?: number | string;
  bg?: number | string;
  bold?: boolean;
  dim?: boolean;
  italic?: boolean;
  underline?: boolean;
  inverse?: boolean;
}

export interface Piece {
  text: string;
  look: Look;
}

export interface Drawn {
  text: string;
  /** Where the look changes; nothing for a line as plain as most. */
  pieces: Piece[] | null;
}

// Colours are understood; all else that moves a cursor, sets titles or rings is left out.
const esc = "\u001b";
const sequence = new RegExp(
  [
    `${esc}\\[([0-9;:]*)m`,
    `${esc}\\[[0-?]*[ -/]*[@-~]`,
    `${esc}\\][^\\u0007${esc}]*(?:\\u0007|${esc}\\\\)?`,
    `${esc}[()*+#%][0-9A-Za-z]`,
    `${esc}[0-9=>A-Z\\\\^_c]`,
    esc,
  ].join("|"),
  "g",
);
// biome-ignore lint/suspicious/noControlCharactersInRegex: the rest of them.
const control = /[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f]/g;

const cube = (n: number) => (n === 0 ? 0 : 55 + n * 40);

function of_256(n: number): number | string {
  if (n < 16) return n;
  if (n >= 232) {
    const grey = 8 + (n - 232) * 10;
    return `rgb(${grey} ${grey} ${grey})`;
  }
  const at = n - 16;
  return `rgb(${cube(Math.floor(at / 36))} ${cube(Math.floor(at / 6) % 6)} ${cube(at % 6)})`;
}

const byte = (n: number | undefined) => Math.max(0, Math.min(255, n ?? 0));

/** The colour behind a 38 or 48, and how many codes it took. */
function colour(codes: number[]): [number | string | undefined, number] {
  if (codes[0] === 5) return [of_256(byte(codes[1])), 2];
  if (codes[0] === 2) return [`rgb(${byte(codes[1])} ${byte(codes[2])} ${byte(codes[3])})`, 4];
  return [undefined, codes.length];
}

function changed(look: Look, text: string): Look {
  const codes = text.split(/[;:]/).map((code) => Number(code) || 0);
  let next = { ...look };
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i] ?? 0;
    if (code === 0) next = {};
    else if (code === 1) next.bold = true;
    else if (code === 2) next.dim = true;
    else if (code === 3) next.italic = true;
    else if (code === 4) next.underline = true;
    else if (code === 7) next.inverse = true;
    else if (code === 22) next = { ...next, bold: undefined, dim: undefined };
    else if (code === 23) next.italic = undefined;
    else if (code === 24) next.underline = undefined;
    else if (code === 27) next.inverse = undefined;
    else if (code === 39) next.fg = undefined;
    else if (code === 49) next.bg = undefined;
    else if (code >= 30 && code <= 37) next.fg = code - 30;
    else if (code >= 40 && code <= 47) next.bg = code - 40;
    else if (code >= 90 && code <= 97) next.fg = code - 82;
    else if (code >= 100 && code <= 107) next.bg = code - 92;
    else if (code === 38 || code === 48) {
      const [found, took] = colour(codes.slice(i + 1));
      if (found !== undefined) next[code === 38 ? "fg" : "bg"] = found;
      i += took;
    }
  }
  return next;
}

/** What a terminal shows of a line that writes over itself: progress bars leave their last state. */
const last_written = (line: string): string => {
  const kept = line.endsWith("\r") ? line.slice(0, -1) : line;
  return kept.slice(kept.lastIndexOf("\r") + 1);
};

const tidied = (text: string) => text.replaceAll("\t", "    ").replace(control, "");

/** Lines of a log as a terminal would show them. A look goes on over the ends of lines, as it does there. */
export function drawn(text: string): Drawn[] {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  let look: Look = {};
  return lines.map((whole) => {
    const line = last_written(whole);
    if (!line.includes("\x1b") && Object.keys(look).length === 0) return { text: tidied(line), pieces: null };
    const pieces: Piece[] = [];
    let from = 0;
    const add = (piece: string) => {
      const kept = tidied(piece);
      if (kept) pieces.push({ text: kept, look });
    };
    for (const found of line.matchAll(sequence)) {
      add(line.slice(from, found.index));
      from = found.index + found[0].length;
      if (found[1] !== undefined) look = changed(look, found[1]);
    }
    add(line.slice(from));
    return { text: pieces.map((piece) => piece.text).join(""), pieces };
  });
}

/** What is read of it where colours would tell nothing. */
export const plain_lines = (text: string): string[] => drawn(text).map((line) => line.text);

/** Pieces cut where something was found: `found` ones are marked. */
export function marked(line: Drawn, find: string): (Piece & { found: boolean })[] {
  const pieces = line.pieces ?? [{ text: line.text, look: {} }];
  const needle = find.trim().toLowerCase();
  if (!needle) return pieces.map((piece) => ({ ...piece, found: false }));
  const low = line.text.toLowerCase();
  const cuts = [0];
  const hits = new Set<number>();
  for (let at = low.indexOf(needle); at >= 0; at = low.indexOf(needle, at + needle.length)) {
    cuts.push(at, at + needle.length);
    hits.add(at);
  }
  const out: (Piece & { found: boolean })[] = [];
  let begin = 0;
  let found = false;
  for (const { text, look } of pieces) {
    const edges = [
      begin,
      ...cuts.filter((cut) => cut > begin && cut < begin + text.length),
      begin + text.length,
    ];
    edges.slice(0, -1).forEach((edge, i) => {
      if (hits.has(edge)) found = true;
      else if (cuts.includes(edge)) found = false;
      out.push({ text: text.slice(edge - begin, (edges[i + 1] ?? edge) - begin), look, found });
    });
    begin += text.length;
  }
  return out;
}
