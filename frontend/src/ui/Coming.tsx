import { useEffect, useState } from "react";
import { Said } from "./Said.tsx";

const late_ms = 1500;

/** In place of a part of the page whose script is on its way: nothing at first, words where that takes long. */
export function Coming() {
  const [late, be_late] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => be_late(true), late_ms);
    return () => clearTimeout(timer);
  }, []);
  if (!late) return null;
  return (
    <Said title="This part of the page is still on its way">
      <p>It comes as soon as the server answers; what is chosen stays.</p>
    </Said>
  );
}
