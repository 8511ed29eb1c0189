import type { ReactNode } from "react";
import { Bone } from "../../../ui/Said.tsx";
import { GraphKind } from "./GraphKind.tsx";

/** The place of a graph that is not drawn: without one of rules there may still be one of jobs. `busy`: it is on its way. */
export function Plain({ children, busy = false }: { children?: ReactNode; busy?: boolean }) {
  return (
    <div className="graph" aria-busy={busy}>
      <div className="graph-tools">
        <GraphKind />
      </div>
      {busy && (
        <div className="graph-bones">
          <Bone width={92} />
          <Bone width={92} />
          <Bone width={92} />
        </div>
      )}
      {children}
    </div>
  );
}
