import { Link, useNavigate } from "@tanstack/react-router";
import { useRef } from "react";
import type { Facets } from "../../api/types.ts";
import { look_of, run_statuses } from "../../theme/status.ts";
import { count } from "../../ui/format.ts";
import { Glyph } from "../../ui/Glyph.tsx";
import { Menu } from "../../ui/Menu.tsx";
import { useOverflow } from "../../ui/overflow.ts";
import { StatusIcon } from "../../ui/StatusIcon.tsx";
import type { RunsSearch } from "./search.ts";

const sentence = (word: string) => word.charAt(0).toUpperCase() + word.slice(1);

/** Without it the router holds a link without a status for the current one whatever status is chosen. */
const exactly = { exact: true, explicitUndefined: true } as const;

export function RunFilters({ search, facets }: { search: RunsSearch; facets: Facets | undefined }) {
  const chosen = search.status ?? [];
  const shown = run_statuses.filter(
    (status) => (facets?.status[status] ?? 0) > 0 || chosen.includes(status) || status === "running",
  );
  const tabs = useRef<HTMLElement>(null);
  useOverflow(tabs, "[aria-current]", chosen.join());
  return (
    <div className="run-filters">
      <nav className="run-tabs fades" aria-label="Runs by status" ref={tabs}>
        <Link
          to="/runs"
          search={(before) => ({ ...before, status: undefined })}
          activeOptions={exactly}
          aria-current={chosen.length === 0 ? "page" : undefined}
        >
          All <b>{facets ? count(facets.total) : ""}</b>
        </Link>
        {shown.map((status) => (
          <Link
            key={status}
            to="/runs"
            search={(before) => ({
              ...before,
              status: chosen.length === 1 && chosen[0] === status ? undefined : [status],
            })}
            activeOptions={exactly}
            aria-current={chosen.includes(status) ? "page" : undefined}
          >
            <StatusIcon status={status} />
            {sentence(look_of(status).word)} <b>{facets ? count(facets.status[status] ?? 0) : ""}</b>
          </Link>
        ))}
      </nav>
      <TagFilter chosen={search.tag ?? []} facets={facets} />
    </div>
  );
}

function TagFilter({ chosen, facets }: { chosen: string[]; facets: Facets | undefined }) {
  const navigate = useNavigate({ from: "/runs" });
  const choose = (tags: string[]) =>
    void navigate({ search: (before) => ({ ...before, tag: tags.length > 0 ? tags : undefined }) });
  const toggle = (tag: string) =>
    choose(chosen.includes(tag) ? chosen.filter((one) => one !== tag) : [...chosen, tag]);
  const tags = facets?.tags ?? [];
  if (tags.length === 0 && chosen.length === 0) return null;
  return (
    <div className="run-tags">
      {chosen.map((tag) => (
        <span className="chip removable" key={tag}>
          <span className="cut">#{tag}</span>
          <button
            type="button"
            className="icon-button"
            aria-label={`Remove tag ${tag}`}
            onClick={() => toggle(tag)}
          >
            <Glyph name="close" size={12} />
          </button>
        </span>
      ))}
      <Menu
        placement="bottomRight"
        menu={{
          className: "long-menu",
          selectable: true,
          multiple: true,
          selectedKeys: chosen,
          items: tags.map(({ tag, runs }) => ({ key: tag, label: `#${tag}`, extra: count(runs) })),
          onClick: ({ key }) => toggle(key),
        }}
      >
        <button type="button" className="menu-button">
          Tags <Glyph name="down" size={12} />
        </button>
      </Menu>
    </div>
  );
}
