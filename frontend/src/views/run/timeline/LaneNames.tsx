import { rule_colour } from "../../../theme/hue.ts";
import { count } from "../../../ui/format.ts";
import { useSelection } from "../selection/selection.ts";
import { wildcard_of } from "./groups.ts";
import type { Drawn } from "./useTimeline.ts";

const two_lines = 36; // px that a name over two lines takes

/** The names beside the lanes; a click chooses everywhere. Only those in sight are in the page. */
export function LaneNames({
  drawn,
  tops,
  top,
  height,
}: {
  drawn: Drawn;
  tops: Float64Array;
  top: number;
  height: number;
}) {
  const { lanes, kind } = drawn;
  const { search, only_rule, toggle_wildcard } = useSelection();
  const wildcard = wildcard_of(kind);
  const shown: number[] = [];
  for (let at = 0; at < lanes.names.length; at++) {
    const [begin, end] = [tops[at] as number, tops[at + 1] as number];
    if (end > begin && end > top - 200 && begin < top + height + 200) shown.push(at);
  }
  return (
    <div className="tl-names">
      {shown.map((at) => {
        const name = lanes.names[at] ?? null;
        const place = { top: tops[at], height: (tops[at + 1] as number) - (tops[at] as number) };
        const rows = lanes.rows[at]?.used ?? 0;
        const hint = `${name ?? ""}${rows > 1 ? `\nUp to ${count(rows)} at once` : ""}`;
        if (kind === "slot") {
          return (
            <div key="slots" className="tl-lane faint" style={place}>
              {count(rows)} at once
            </div>
          );
        }
        if (name === null) {
          return (
            <div key="without" className="tl-lane faint" style={place}>
              <span className="cut">without {wildcard}</span>
            </div>
          );
        }
        const pair = `${wildcard}:${name}`;
        const chosen =
          wildcard === null ? search.rule?.includes(name) : (search.wildcard?.includes(pair) ?? false);
        return (
          <button
            key={name}
            type="button"
            className="tl-lane"
            style={place}
            data-low={place.height < two_lines || undefined}
            title={hint}
            aria-pressed={chosen ?? false}
            onClick={() => (wildcard === null ? only_rule(name) : toggle_wildcard(pair))}
          >
            {wildcard === null && <i style={{ background: rule_colour(name) }} />}
            <span className="cut">{name.replace(/[_.-](?=.)/g, "$&\u200b")}</span>
          </button>
        );
      })}
    </div>
  );
}
