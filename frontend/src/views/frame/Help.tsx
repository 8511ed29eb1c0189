import { Fragment } from "react";
import { focused, known } from "../../ui/keys.ts";
import { Sheet } from "../../ui/Sheet.tsx";

type Line = [pressed: string[], does: string];

/** Keys that do one thing together are one line. */
function together(): Line[] {
  const lines = new Map<string, string[]>();
  for (const { press, does } of Object.values(known)) {
    const shown = press === "Escape" ? "Esc" : press;
    lines.set(does, [...(lines.get(does) ?? []), shown]);
  }
  return [...lines].map(([does, pressed]) => [pressed, does]);
}

function Lines({ lines }: { lines: Line[] }) {
  return (
    <dl className="help-keys">
      {lines.map(([pressed, does]) => (
        <Fragment key={does}>
          <dt>
            {pressed.map((keys) => (
              <span key={keys}>
                {keys.split(" ").map((key) => (
                  <kbd key={key}>{key}</kbd>
                ))}
              </span>
            ))}
          </dt>
          <dd>{does}</dd>
        </Fragment>
      ))}
    </dl>
  );
}

export function Help({ on_close }: { on_close: () => void }) {
  return (
    <Sheet title="Keyboard" on_close={on_close}>
      <div className="help" tabIndex={0} role="region" aria-label="Keys">
        <Lines lines={together()} />
        {focused.map(([where, lines]) => (
          <Fragment key={where}>
            <h3>{where}</h3>
            <Lines lines={lines} />
          </Fragment>
        ))}
      </div>
    </Sheet>
  );
}
