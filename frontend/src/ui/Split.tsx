import { type PointerEvent, type ReactNode, useRef, useState } from "react";

const clamp = (share: number) => Math.min(0.8, Math.max(0.15, share));

function kept(name: string, usual: number): number {
  try {
    const share = Number.parseFloat(localStorage.getItem(name) ?? "");
    return Number.isFinite(share) ? clamp(share) : usual;
  } catch {
    return usual;
  }
}

/** Two panes and a border that can be dragged or moved with the arrow keys; a double click puts it back. */
export function Split({
  name,
  usual,
  left,
  right,
}: {
  name: string;
  usual: number;
  left: ReactNode;
  right: ReactNode;
}) {
  const key = `flowo.split.${name}`;
  const [share, set_share] = useState(() => kept(key, usual));
  const box = useRef<HTMLDivElement>(null);
  const put = (next: number) => {
    const value = clamp(next);
    set_share(value);
    try {
      localStorage.setItem(key, value.toFixed(3));
    } catch {
      // Without storage the border is where it was put until the page is left.
    }
  };
  const drag = (event: PointerEvent<HTMLDivElement>) => {
    const bounds = box.current?.getBoundingClientRect();
    if (bounds && event.currentTarget.hasPointerCapture(event.pointerId)) {
      put((event.clientX - bounds.left) / bounds.width);
    }
  };
  return (
    <div className="split" ref={box}>
      <section style={{ flex: `0 0 ${share * 100}%` }}>{left}</section>
      <div
        role="separator"
        aria-orientation="vertical"
        aria-label="Border between graph and jobs"
        aria-valuenow={Math.round(share * 100)}
        aria-valuemin={15}
        aria-valuemax={80}
        tabIndex={0}
        onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
        onPointerMove={drag}
        onDoubleClick={() => put(usual)}
        onKeyDown={(event) => {
          const step = { ArrowLeft: -0.02, ArrowRight: 0.02 }[event.key];
          if (step) put(share + step);
        }}
      />
      <section style={{ flex: "1 1 0" }}>{right}</section>
    </div>
  );
}
