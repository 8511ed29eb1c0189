import type { DropdownProps } from "antd";
import { type ReactElement, Suspense, useEffect, useLayoutEffect, useRef, useState } from "react";
import { part } from "./part.ts";

// Menus are a tenth of the script that a page needs, and shown by a click only.
const load = () => import("./menu_part.ts");
const Opened = part<DropdownProps>(() => load().then((m) => m.Dropdown));
const look_ahead_ms = 4000;

/**
 * A button that opens a menu. What draws the menu is fetched once the page stands, or as soon as somebody comes near.
 * `stays`: it stays open while one chooses.
 */
export function Menu({
  menu,
  placement,
  stays = false,
  children,
}: {
  menu: DropdownProps["menu"];
  placement?: DropdownProps["placement"];
  stays?: boolean;
  children: ReactElement;
}) {
  const [wanted, want] = useState(false);
  const [open, set_open] = useState(false);
  const host = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    const later = setTimeout(() => void load().catch(() => {}), look_ahead_ms);
    return () => clearTimeout(later);
  }, []);
  const near = () => void load().catch(() => {});
  const first = () => {
    want(true);
    set_open(true);
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: it hears of what happens to the button in it
    // biome-ignore lint/a11y/useKeyWithClickEvents: a button's click is a key's, too
    <span
      className="menu-host"
      ref={host}
      onPointerEnter={wanted ? undefined : near}
      onFocus={wanted ? undefined : near}
      onClick={wanted ? undefined : first}
    >
      {wanted ? (
        <Suspense fallback={children}>
          <Opened
            trigger={["click"]}
            placement={placement}
            menu={menu}
            autoFocus
            transitionName="" // stands at once: while it grows, what is pressed is not what is let go
            open={open}
            onOpenChange={(next, { source }) => {
              if (source === "trigger" || next || !stays) set_open(next);
            }}
          >
            {children}
          </Opened>
          <Refocus host={host} />
        </Suspense>
      ) : (
        children
      )}
    </span>
  );
}

/** The button is made anew when it gets its menu: who had chosen it is still there. */
function Refocus({ host }: { host: React.RefObject<HTMLSpanElement | null> }) {
  useLayoutEffect(() => {
    if (document.activeElement === document.body) host.current?.querySelector("button")?.focus();
  }, [host]);
  return null;
}
