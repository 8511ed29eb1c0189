import { Fragment } from "react";
import { Sheet } from "../../ui/Sheet.tsx";

const keys: [string[], string][] = [
  [["/"], "Search runs; on a run's page, its jobs"],
  [["j", "k"], "Down and up: runs in the list, jobs of a run"],
  [["Enter"], "Open what is chosen"],
  [["Space"], "Pick a job; with Shift all from the last picked one"],
  [["Shift", "↓"], "Pick one more; Ctrl A all, Ctrl C copies, Esc none"],
  [["Esc"], "Close the job, leave the search"],
  [["←", "↑", "↓", "→"], "In the graph, from rule to rule along its links"],
  [["+", "-"], "In the graph of rules, unfold and fold; in that of jobs, closer and farther, with 0 all"],
  [["Enter"], "In the graph of jobs, go to a job; then the arrow keys, Enter opens it, Esc leaves it"],
  [["←", "→", "+", "-", "0"], "In the timeline, move, zoom, and show all"],
  [["n", "p"], "In the timeline, the next and the previous that failed"],
  [["["], "The run of the same workflow before"],
  [["]"], "The run of the same workflow after"],
  [["g", "r"], "All runs"],
  [["t"], "Times as they fit, relative, local, in UTC"],
  [["?"], "This help"],
];

export function Help({ on_close }: { on_close: () => void }) {
  return (
    <Sheet title="Keyboard" on_close={on_close}>
      <dl className="help-keys">
        {keys.map(([pressed, does]) => (
          <Fragment key={does}>
            <dt>
              {pressed.map((key, i) => (
                <Fragment key={key}>
                  {i > 0 && " "}
                  <kbd>{key}</kbd>
                </Fragment>
              ))}
            </dt>
            <dd>{does}</dd>
          </Fragment>
        ))}
      </dl>
    </Sheet>
  );
}
