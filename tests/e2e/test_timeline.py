"""The timeline of a run: bars drawn on a canvas, zoomed, pointed at, opened, and by the keyboard."""

from __future__ import annotations

import itertools
import re

from playwright.async_api import Locator, Page, expect
from snakemake_logger_plugin_flowo import wire

from tests.e2e.browsing import Guard
from tests.e2e.serving import Server, until
from tests.factories import Tape


async def colours(canvas: Locator) -> int:
    """How many colours are in the picture: one where nothing is drawn."""
    return int(
        await canvas.evaluate(
            """canvas => new Set(new Uint32Array(
              canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.buffer)).size"""
        )
    )


async def test_a_bar_is_seen_pointed_at_and_opened(visit: tuple[Page, Guard], server: Server) -> None:
    page, _guard = visit
    tape = Tape().opened(name="timeline")
    tape.add(wire.RuleGraph(nodes=["map", "call"], links=[[0, 1]]))
    tape.planned([{"job": 1, "rule": "map", "needs": []}, {"job": 2, "rule": "call", "needs": [1]}])
    tape.info(1, local=False)
    tape.at += 40
    tape.finished(1).info(2, "call")
    tape.at += 3
    tape.failed(2).ended("failed")
    await server.post(tape)
    await page.goto(f"{server.address}/runs/{tape.run_id}?tab=timeline")
    lanes = page.locator(".tl-lanes canvas")
    await expect(lanes).to_be_visible()
    await expect(page.get_by_text("Longest chain 45 s")).to_be_visible()

    async def drawn() -> bool:
        return await colours(lanes) > 3

    await until(drawn)

    tip = page.locator(".tl-tip")
    moves = itertools.count()

    async def pointed() -> tuple[float, float] | None:
        """At the first lane's only bar, which fills most of it; until the page stands still, it may be elsewhere."""
        box = await lanes.bounding_box()
        assert box
        place = box["x"] + box["width"] * 0.4 + next(moves) % 2, box["y"] + 15
        await page.mouse.move(*place)
        return place if await tip.is_visible() else None

    await until(pointed)
    await expect(tip).to_contain_text("map")
    await expect(tip).to_contain_text("sample S1")
    await expect(tip).to_contain_text("queue and run not told apart")
    await page.mouse.wheel(0, -300)
    await expect(tip).to_be_hidden()  # it stands elsewhere now
    place = await until(pointed)
    assert place
    await page.mouse.click(*place)
    await expect(page).to_have_url(re.compile(r"/jobs/1\?"))
    await expect(page.locator(".drawer")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page).not_to_have_url(re.compile(r"/jobs/"))

    board = page.get_by_role("group", name="Timeline of all attempts")
    await board.focus()
    await page.keyboard.press("0")
    await page.keyboard.press("n")
    await expect(tip).to_contain_text("call")
    await expect(page.get_by_text("call, job 2, attempt 1: failed after 4 s")).to_be_attached()
    await page.get_by_label("Lanes").select_option("sample")
    await expect(page).to_have_url(re.compile(r"lanes=by(:|%3A)sample"))
    await page.get_by_role("button", name="S2", exact=True).click()
    await expect(page).to_have_url(re.compile(r"wildcard="))
    # What the button began, the keys go on with.
    await page.get_by_role("button", name="1 failed attempt").click()
    await expect(tip).to_contain_text("call")
    await page.keyboard.press("n")
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(re.compile(r"/jobs/2\?"))
