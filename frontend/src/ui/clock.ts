import { useSyncExternalStore } from "react";

/** The server's clock as this page knows it: elapsed times never come from the browser's clock alone. */
let offset_ms = 0;
let known = false;

export function heard_now(iso: string | undefined) {
  if (!iso) return;
  const next = Date.parse(iso) - Date.now();
  if (!Number.isFinite(next)) return;
  // Answers travel for different times: small differences are theirs and would make seconds jump.
  if (!known || Math.abs(next - offset_ms) > 1500) offset_ms = next;
  known = true;
}

export const server_now = (): number => Date.now() + offset_ms;

const listeners = new Set<() => void>();
let second = Math.floor(server_now() / 1000);
let timer: ReturnType<typeof setInterval> | undefined;

function tick() {
  second = Math.floor(server_now() / 1000);
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void) {
  listeners.add(listener);
  timer ??= setInterval(tick, 1000);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0 && timer) {
      clearInterval(timer);
      timer = undefined;
    }
  };
}

const nothing = () => () => {};

/** Milliseconds of the server's clock, renewed once a second while `moving`. */
export function useNow(moving = true): number {
  useSyncExternalStore(moving ? subscribe : nothing, () => (moving ? second : 0));
  return server_now();
}
