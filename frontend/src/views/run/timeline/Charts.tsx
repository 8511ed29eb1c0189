import { useEffect, useMemo, useRef } from "react";
import { useShade } from "../../../theme/mode.ts";
import { bytes, count } from "../../../ui/format.ts";
import { useTimes } from "../../../ui/Times.tsx";
import { known_of, type Series, series_of, sure_until } from "./bins.ts";
import { colours_of } from "./colours.ts";
import { between } from "./lanes.ts";
import { useNavigation } from "./navigate.ts";
import { useCanvas } from "./useCanvas.ts";
import type { Drawn } from "./useTimeline.ts";
import type { View } from "./view.ts";

const high = 42; // px of one chart
const axis = 22;
const tick_px = 84; // what the text of a mark needs

interface Chart {
  name: string;
  hint: string;
  /** From the bottom up: areas, then lines over them. */
  areas: { of: (series: Series) => Float64Array; status: "running" | "queued" | "used" }[];
  line?: (series: Series) => Float64Array | null;
  /** Told with the whole only: not drawn beyond what that is sure of. */
  late?: boolean;
  /** What there is of it at most. */
  cap: number | null;
  text: (value: number) => string;
}

const mb = (value: number) => bytes(value * 1_000_000);
const whole = (value: number) => count(value < 10 ? Math.round(value * 10) / 10 : Math.round(value));

/** How much ran and waited at once, and what that asked for and used; under it the time. */
export function Charts({ drawn, view }: { drawn: Drawn; view: View }) {
  const { run, spans, lanes, until } = drawn;
  const colours = colours_of(useShade());
  const { ticks } = useTimes();
  const box = useRef<HTMLDivElement>(null);
  useNavigation(box, view);
  const known = useMemo(() => known_of(spans), [spans]);
  const charts = useMemo(() => {
    const found: Chart[] = [
      {
        ...{ name: "Jobs", hint: "Running, and above it queued", cap: null, text: whole },
        areas: [
          { of: (series) => series.running, status: "running" },
          { of: (series) => series.queued, status: "queued" },
        ],
      },
    ];
    if (known.cores && (spans.threads.some((n) => n > 1) || known.used_cores))
      found.push({
        name: "Cores",
        hint: `Asked for by what runs${known.used_cores ? "; filled: used, by benchmarks" : ""}`,
        areas: known.used_cores ? [{ of: (one) => one.used_cores as Float64Array, status: "used" }] : [],
        ...{ line: (one) => one.cores, cap: run.cores, text: whole },
      });
    if (known.mem_mb || known.used_mb)
      found.push({
        name: "Memory",
        hint: `${known.mem_mb ? "Asked for by what runs" : ""}${known.used_mb ? "; filled: used at most, by benchmarks" : ""}`,
        areas: known.used_mb ? [{ of: (one) => one.used_mb as Float64Array, status: "used" }] : [],
        ...{ line: (one) => one.mem_mb, late: true, cap: null, text: mb },
      });
    return found;
  }, [known, spans, run.cores]);

  const { canvas, repaint } = useCanvas(({ context, width, height }) => {
    const { from, to } = view;
    const bins = Math.max(1, Math.floor(width));
    const [first, stop] = between(lanes, from, to);
    const rows = { order: lanes.order, first, stop };
    const series = series_of(spans, lanes.bars, rows, { from, to, bins, until }, known);
    context.clearRect(0, 0, width, height);
    const marks = ticks(spans.base + from, spans.base + to, Math.max(2, width / tick_px), spans.base);
    const bottom = charts.length * high;
    context.font = "11px system-ui, sans-serif";
    context.textBaseline = "middle";
    for (const { at, text } of marks) {
      const x = Math.round(((at - spans.base - from) / (to - from)) * width) + 0.5;
      context.strokeStyle = colours.css.line;
      context.beginPath();
      context.moveTo(x, 0);
      context.lineTo(x, bottom + 5);
      context.stroke();
      context.fillStyle = colours.css.faint;
      context.textAlign = x < 24 ? "left" : x > width - 24 ? "right" : "center";
      context.fillText(text, x < 24 ? 2 : x > width - 24 ? width - 2 : x, bottom + 13);
    }
    const place = (moment: number) => ((moment - from) / (to - from)) * width;
    const sure = sure_until(spans, lanes.bars);
    for (const [at, chart] of charts.entries()) {
      const base = (at + 1) * high - 1;
      const stacked = new Float64Array(bins);
      const areas = chart.areas.map(({ of, status }) => {
        const own = of(series);
        const lower = stacked.slice();
        for (let i = 0; i < bins; i++) stacked[i] = (stacked[i] as number) + (own[i] as number);
        return { lower, upper: stacked.slice(), status };
      });
      const line = chart.line?.(series) ?? null;
      let most = chart.areas.length > 1 ? 1 : 0;
      for (const values of [stacked, line ?? []]) for (const value of values) most = Math.max(most, value);
      const cap = chart.cap !== null && chart.cap <= most * 4 ? chart.cap : null;
      const top = Math.max(most, cap ?? 0) || 1;
      const y = (value: number) => base - (value / top) * (high - 8);
      for (const { lower, upper, status } of areas) {
        context.globalAlpha = status === "queued" ? 0.45 : status === "used" ? 0.35 : 0.8;
        context.fillStyle = status === "used" ? colours.css.accent : (colours.status[status] as string);
        context.beginPath();
        for (let i = 0; i < bins; i++) {
          const value = upper[i] as number;
          if (value > (lower[i] as number)) context.rect(i, y(value), 1, y(lower[i] as number) - y(value));
        }
        context.fill();
      }
      context.globalAlpha = 1;
      context.lineWidth = 1;
      if (line) {
        const edge = Math.floor(place(chart.late ? Math.min(until, sure) : until));
        context.strokeStyle = colours.css.soft;
        context.beginPath();
        // Not to the bin that has only begun: half of it is not yet there, and would look like a fall.
        for (let i = 0; i < Math.min(bins, edge); i++) context.lineTo(i + 0.5, y(line[i] as number));
        context.stroke();
      }
      if (cap !== null) {
        context.setLineDash([4, 3]);
        context.strokeStyle = colours.css.faint;
        context.beginPath();
        context.moveTo(0, y(cap));
        context.lineTo(width, y(cap));
        context.stroke();
        context.setLineDash([]);
      }
      const text = cap === null ? chart.text(most) : `${chart.text(most)} of ${chart.text(cap)}`;
      context.textAlign = "right";
      const wide = context.measureText(text).width;
      context.globalAlpha = 0.8;
      context.fillStyle = colours.css.panel;
      context.fillRect(width - wide - 8, at * high + 3, wide + 6, 14);
      context.globalAlpha = 1;
      context.fillStyle = colours.css.soft;
      context.fillText(text, width - 5, at * high + 10);
      context.strokeStyle = colours.css.line;
      context.strokeRect(-1, base + 0.5, width + 2, 0);
    }
  });
  useEffect(() => view.subscribe(repaint), [view, repaint]);
  return (
    <div className="tl-row tl-charts">
      <div className="tl-names" style={{ height: charts.length * high + axis }}>
        {charts.map(({ name, hint }) => (
          <div key={name} className="tl-chart-name" title={hint} style={{ height: high }}>
            {name}
          </div>
        ))}
      </div>
      <div className="tl-plot" ref={box}>
        <canvas ref={canvas} style={{ height: charts.length * high + axis }} />
      </div>
    </div>
  );
}
