import type { QueryClient } from "@tanstack/react-query";
import {
  createContext,
  type ReactNode,
  useContext,
  useEffect,
  useRef,
  useState,
  useSyncExternalStore,
} from "react";
import { keys } from "../api/queries.ts";
import type { RunMessage } from "../api/types.ts";
import { server_now } from "../ui/clock.ts";
import { Applier } from "./apply.ts";
import type { LinkState } from "./connection.ts";
import { Herald } from "./herald.ts";
import { Hub } from "./hub.ts";

export interface LiveState {
  link: LinkState;
  paused: boolean;
  /** Whether any view on screen watches something: otherwise there is nothing to be live. */
  watching: boolean;
  /** What is seen is of this moment (server's clock, ms), where it is not of now. */
  as_of: number | null;
}

/** The tab's side of the stream: which topics its views watch, and how honest "live" is at the moment. */
export class Live {
  readonly #applier: Applier;
  readonly #hub: Hub;
  readonly #herald: Herald;
  readonly #watched = new Map<string, number>();
  readonly #listeners = new Set<() => void>();
  #state: LiveState = { link: "connecting", paused: false, watching: false, as_of: null };

  constructor(cache: QueryClient, open_run: (id: string) => void) {
    this.#applier = new Applier(cache);
    this.#hub = new Hub({
      on_told: ({ event, data }) => {
        this.#applier.keep(event, data);
        if (event === "run") this.#herald.heard(data as RunMessage);
      },
      on_fresh: (topics) => {
        void this.#applier.fresh(topics);
        this.#herald.fresh(topics);
      },
      on_state: (link) => {
        this.#change({ link });
        if (link === "signed-out") void cache.invalidateQueries({ queryKey: keys.me });
      },
    });
    this.#herald = new Herald({
      leads: () => this.#hub.leads,
      watch: (topic) => this.watch(topic),
      open: open_run,
    });
  }

  watch(topic: string): () => void {
    this.#watched.set(topic, (this.#watched.get(topic) ?? 0) + 1);
    this.#tell();
    return () => {
      const left = (this.#watched.get(topic) ?? 1) - 1;
      if (left > 0) this.#watched.set(topic, left);
      else this.#watched.delete(topic);
      this.#tell();
    };
  }

  pause(paused: boolean) {
    this.#applier.pause(paused);
    this.#change({ paused });
  }

  stop() {
    this.#herald.stop();
    this.#applier.stop();
    this.#hub.stop();
  }

  subscribe = (listener: () => void) => {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  };
  state = () => this.#state;

  #tell() {
    this.#hub.want([...this.#watched.keys()]);
    this.#change({ watching: this.#watched.size > 0 });
  }

  #change(part: Partial<LiveState>) {
    const next = { ...this.#state, ...part };
    const current = next.link === "live" && !next.paused;
    next.as_of = current ? null : (this.#state.as_of ?? (next.link === "connecting" ? null : server_now()));
    this.#state = next;
    for (const listener of this.#listeners) listener();
  }
}

const LiveContext = createContext<Live | null>(null);

export function LiveProvider({
  cache,
  open_run,
  children,
}: {
  cache: QueryClient;
  /** Where a notification leads that was clicked. */
  open_run: (id: string) => void;
  children: ReactNode;
}) {
  const [live, set_live] = useState<Live | null>(null);
  const open = useRef(open_run);
  open.current = open_run;
  useEffect(() => {
    const made = new Live(cache, (id) => open.current(id));
    set_live(made);
    return () => made.stop();
  }, [cache]);
  return <LiveContext value={live}>{children}</LiveContext>;
}

export function useTopic(topic: string | null) {
  const live = useContext(LiveContext);
  useEffect(() => (live && topic ? live.watch(topic) : undefined), [live, topic]);
}

const idle: LiveState = { link: "connecting", paused: false, watching: false, as_of: null };
const never = () => () => {};

export function useLive(): LiveState & { pause: (paused: boolean) => void } {
  const live = useContext(LiveContext);
  const state = useSyncExternalStore(live?.subscribe ?? never, live?.state ?? (() => idle));
  return { ...state, pause: (paused) => live?.pause(paused) };
}
