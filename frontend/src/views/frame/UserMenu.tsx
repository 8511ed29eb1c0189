import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { sign_out, sign_out_everywhere } from "../../api/actions.ts";
import type { Me } from "../../api/types.ts";
import { type Mode, set_mode, useMode } from "../../theme/mode.ts";
import { Glyph, type GlyphName } from "../../ui/Glyph.tsx";
import { Menu } from "../../ui/Menu.tsx";
import { form_words, set_time_form, time_forms, useTimeForm } from "../../ui/zone.ts";

const modes: { mode: Mode; label: string; glyph: GlyphName }[] = [
  { mode: "system", label: "As the system", glyph: "screen" },
  { mode: "light", label: "Light", glyph: "sun" },
  { mode: "dark", label: "Dark", glyph: "moon" },
];

const initials = (me: Me): string => {
  const words = (me.name || me.email).split(/[\s._@-]+/).filter(Boolean);
  return ((words[0]?.[0] ?? "") + (words[1]?.[0] ?? "")).toUpperCase() || "?";
};

export function UserMenu({ me, on_help }: { me: Me | undefined; on_help: () => void }) {
  const navigate = useNavigate();
  const cache = useQueryClient();
  const mode = useMode();
  const form = useTimeForm();
  const leave = async (how: () => Promise<unknown>) => {
    await how();
    await navigate({ to: "/sign-in" });
    cache.clear();
    // What was typed and not saved is not for who signs in next.
    for (const key of Object.keys(sessionStorage)) {
      if (key.startsWith("flowo.")) sessionStorage.removeItem(key);
    }
  };
  if (!me) return null;
  return (
    <Menu
      placement="bottomRight"
      menu={{
        selectedKeys: [mode, `times-${form}`],
        items: [
          {
            key: "who",
            type: "group",
            label: me.name && me.name !== me.email ? `${me.name} · ${me.email}` : me.email,
          },
          { key: "tokens", label: "Tokens", onClick: () => void navigate({ to: "/tokens" }) },
          { key: "first", label: "Connect a workflow", onClick: () => void navigate({ to: "/first-run" }) },
          { key: "help", label: "Keyboard", extra: "?", onClick: on_help },
          { type: "divider" },
          {
            key: "theme",
            type: "group",
            label: "Theme",
            children: modes.map(({ mode: key, label, glyph }) => ({
              key,
              label,
              icon: <Glyph name={glyph} />,
              onClick: () => set_mode(key),
            })),
          },
          {
            key: "times",
            type: "group",
            label: "Times",
            children: time_forms.map((one) => ({
              key: `times-${one}`,
              label: form_words[one],
              onClick: () => set_time_form(one),
            })),
          },
          { type: "divider" },
          { key: "out", label: "Sign out", onClick: () => void leave(sign_out) },
          { key: "out-all", label: "Sign out everywhere", onClick: () => void leave(sign_out_everywhere) },
        ],
      }}
    >
      <button type="button" className="user-mark" aria-label={`Menu of ${me.name || me.email}`}>
        {initials(me)}
      </button>
    </Menu>
  );
}
