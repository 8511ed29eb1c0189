import { useEffect, useState } from "react";
import type { Layout } from "./layout.ts";
import type { Link, Shape } from "./shape.ts";

/** A shape together with the layout that was made of it. */
export interface Laid {
  shape: Shape;
  layout: Layout;
}

function lay_out_apart(shape: Shape, told: Link[], signal: AbortSignal): Promise<Layout> {
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  signal.addEventListener("abort", () => worker.terminate());
  return new Promise<Layout>((done, fail) => {
    worker.onmessage = (event: MessageEvent<Layout>) => done(event.data);
    worker.onerror = (event) => fail(new Error(event.message));
    worker.postMessage({ shape, told });
  }).finally(() => worker.terminate());
}

/** Laid out again only when the plan changes; what was drawn stays until then. */
export function useLayout(shape: Shape | null, told: Link[]): { laid: Laid | null; broken: boolean } {
  const [laid, set_laid] = useState<Laid | null>(null);
  const [broken, set_broken] = useState(false);
  useEffect(() => {
    if (!shape) return;
    const stop = new AbortController();
    lay_out_apart(shape, told, stop.signal).then(
      (layout) => {
        if (stop.signal.aborted) return;
        set_broken(false);
        set_laid({ shape, layout });
      },
      () => stop.signal.aborted || set_broken(true),
    );
    return () => stop.abort();
  }, [shape, told]);
  return { laid, broken };
}
