"""What a program wrote to its log for a terminal, as people read it here: colours, long lines, links to lines."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Browser, Locator, Page, expect
from snakemake_logger_plugin_flowo import wire

from tests.e2e.browsing import signed_in
from tests.e2e.serving import Server
from tests.factories import Tape

ESC = "\x1b["
COLOURED = {
    "white": "38;5;231", "black": "38;5;16", "yellow": "38;2;255;255;0", "navy": "38;2;0;0;128", "on white": "48;5;231",
    "on black": "48;2;0;0;0", "grey on black": "37;48;5;16", "turned": "7", "turned red": "31;7", "turned on blue": "44;7",
}  # fmt: skip
LONG = "x" * 4_000
LINES = [
    *(f"line {number}" for number in range(1, 200)),
    " ".join(f"{ESC}{code}m{name}{ESC}0m" for name, code in COLOURED.items()),
    f"{LONG} needle {LONG}",
    "a needle at the left",
    f" 10 %\r 100 %\r{ESC}31mError: no chromosome 7{ESC}0m",
]

# Of a colour in any notation: what a screen shows of it.
CONTRAST = """element => {
  const shown = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const light = colour => {
    shown.clearRect(0, 0, 1, 1);
    shown.fillStyle = colour;
    shown.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = shown.getImageData(0, 0, 1, 1).data;
    const [x, y, z] = [r, g, b].map(v => v / 255).map(v => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return { a, l: 0.2126 * x + 0.7152 * y + 0.0722 * z };
  };
  let ground = element;
  while (light(getComputedStyle(ground).backgroundColor).a === 0) ground = ground.parentElement;
  const [over, under] = [light(getComputedStyle(element).color).l, light(getComputedStyle(ground).backgroundColor).l];
  return (Math.max(over, under) + 0.05) / (Math.min(over, under) + 0.05);
}"""


async def failed(server: Server) -> str:
    """The address of a run whose one job left that log."""
    tail = "".join(f"{line}\n" for line in LINES)
    tape = Tape().opened(name="for a terminal").planned([{"job": 1, "rule": "map"}])
    tape.add(wire.JobInfo(job=1, rule="map", logs=["map.log"]), wire.JobStarted(jobs=[1]))
    tape.failed(1).add(wire.LogSnapshot(job=1, attempt=1, path="map.log", tail=tail, size=len(tail)))
    await server.post(tape.ended("failed"))
    return f"{server.address}/runs/{tape.run_id}"


def found(page: Page) -> Locator:
    return page.get_by_role("log").locator("mark")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_what_a_terminal_was_to_show_is_read_here(browser: Browser, server: Server, scheme: str) -> None:
    address = await failed(server)
    async with signed_in(browser, server, color_scheme=scheme) as (page, _):
        await page.goto(f"{address}/jobs/1")
        card = page.get_by_role("region", name="First failure").locator(".offending")
        await expect(card).to_have_text("Error: no chromosome 7")
        log = page.get_by_role("log")
        for name in COLOURED:
            contrast = await log.get_by_text(name, exact=True).evaluate(CONTRAST)
            assert contrast >= 4.5, f"{name}: {contrast:.1f}"
        await searched(page)
        await page.goto(f"{address}?tab=failures")
        await expect(page.get_by_role("tabpanel").get_by_text("Error: no chromosome 7").first).to_be_visible()
        await expect(page.get_by_role("tabpanel")).not_to_contain_text("\x1b")
        await linked(page, f"{address}/jobs/1")


async def searched(page: Page) -> None:
    """Also what stands far to the right comes into sight, and the line's number stays."""
    field = page.get_by_role("textbox", name="Search the log")
    await page.keyboard.press("/")
    await expect(field).to_be_focused()
    await field.fill("needle")
    await expect(page.get_by_text("1 of 2", exact=True)).to_be_visible()
    await expect(found(page).first).to_be_in_viewport(ratio=1)
    await expect(page.get_by_role("log").get_by_role("link", name="201", exact=True)).to_be_in_viewport(ratio=1)
    await field.press("Enter")
    await expect(page.get_by_text("2 of 2", exact=True)).to_be_visible()
    await expect(found(page).nth(1)).to_be_in_viewport(ratio=1)
    await field.fill("")


async def linked(page: Page, address: str) -> None:
    """A line or a few of them have an address."""
    marked = page.locator(".log-line.hit")
    await page.goto(f"{address}#L20-L22")
    await expect(marked).to_have_text([re.compile(f"line {number}$") for number in (20, 21, 22)])
    await expect(marked.first).to_be_in_viewport()
    number = page.get_by_role("log").get_by_role("link")
    await number.filter(has_text=re.compile("^25$")).click()
    await expect(page).to_have_url(f"{address}#L25")
    await expect(marked).to_have_count(1)
    await number.filter(has_text=re.compile("^23$")).click(modifiers=["Shift"])
    await expect(page).to_have_url(f"{address}#L23-L25")
    await expect(marked).to_have_count(3)
