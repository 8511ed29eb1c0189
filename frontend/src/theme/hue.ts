/** A rule has the same hue in every run: it follows from the name alone. For lines and chips, never for a status. */
export function hue_of(name: string): number {
  let hash = 2166136261;
  for (let i = 0; i < name.length; i++) {
    hash ^= name.charCodeAt(i);
    hash = Math.imul(hash, 16777619);
  }
  return (hash >>> 0) % 360;
}

export const rule_colour = (name: string): string => `hsl(${hue_of(name)} 42% 52%)`;
