import type { ReactNode } from "react";

/** What stands where there is nothing to show: what is so, why, and a way out. */
export function Said({
  title,
  children,
  actions,
  alert = false,
}: {
  title: ReactNode;
  children?: ReactNode;
  actions?: ReactNode;
  alert?: boolean;
}) {
  return (
    <div className="said" role={alert ? "alert" : undefined}>
      <h2>{title}</h2>
      {children}
      {actions && <div className="actions">{actions}</div>}
    </div>
  );
}

export function Bone({ width }: { width: number | string }) {
  return <span className="bone" style={{ width }} />;
}
