"""Going on and coming back: where the focus is, what Back undoes, and what the wheel is for."""

from __future__ import annotations

import asyncio
import re

from playwright.async_api import Browser, Locator, Page, expect

from tests.e2e import made
from tests.e2e.browsing import Guard, signed_in
from tests.e2e.serving import Server, until
from tests.factories import Tape


async def test_one_comes_back_to_where_one_was(server: Server, visit: tuple[Page, Guard]) -> None:
    page, _ = visit
    await asyncio.gather(*(server.post(Tape().opened(name=f"returning {n}").ended()) for n in range(40)))
    await page.goto(f"{server.address}/runs?q=returning&status=succeeded")
    rows = page.locator(".run-rows")
    await expect(page.get_by_role("listitem").first).to_be_visible()
    by_status = page.get_by_role("navigation", name="Runs by status")
    await expect(by_status.locator("[aria-current]")).to_have_text(re.compile("Succeeded"))
    for _ in range(35):
        await page.keyboard.press("j")
    await expect(page.locator("[data-index='34'] a")).to_be_focused()
    was = await rows.evaluate("box => box.scrollTop")
    assert was > 0
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1, name="returning")).to_be_visible()
    await expect(page.locator("#main")).to_be_focused()  # Tab goes on in the run, not at the frame
    await page.go_back()
    await expect(page.locator("[data-index='34'] a")).to_be_focused()
    assert await rows.evaluate("box => box.scrollTop") == was
    await page.keyboard.press("j")
    await expect(page.locator("[data-index='35'] a")).to_be_focused()
    await by_status.get_by_role("link", name="All").click()
    await expect(by_status.locator("[aria-current]")).to_have_text(re.compile("All"))
    assert await rows.evaluate("box => box.scrollTop") == 0


async def test_a_word_that_became_a_chip_is_no_step_of_its_own(server: Server, visit: tuple[Page, Guard]) -> None:
    page, _ = visit
    run = made.failed()
    await server.post(run)
    url = f"{server.address}/runs/{run.run_id}"
    await page.goto(url)
    field = page.get_by_role("combobox", name="Filter jobs")
    await field.fill("sta")
    await expect(page).to_have_url(f"{url}?q=sta")
    await field.fill("status:")
    await expect(page).to_have_url(url)
    await field.fill("status:failed")
    await field.press("Enter")
    await expect(page).to_have_url(f"{url}?status=failed")
    await field.fill("NA12")
    await expect(page).to_have_url(f"{url}?status=failed&q=NA12")
    await field.fill("NA12 rule:call_variants")
    await field.press("Enter")
    await expect(page).to_have_url(f"{url}?status=failed&q=NA12&rule=call_variants")
    await page.go_back()
    await expect(page).to_have_url(f"{url}?status=failed&q=NA12")
    await page.go_back()
    await expect(page).to_have_url(f"{url}?status=failed")
    await page.go_back()
    await expect(page).to_have_url(url)


async def test_words_beside_a_copy_icon_copy_too(server: Server, visit: tuple[Page, Guard]) -> None:
    page, _ = visit
    run = made.failed()
    await server.post(run)
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await page.goto(f"{server.address}/runs/{run.run_id}")
    await page.get_by_text("only what failed").click()

    async def copied() -> bool:
        return "--until" in await page.evaluate("navigator.clipboard.readText()")

    await until(copied)


async def test_the_wheel_scrolls_what_can_be_scrolled(server: Server, browser: Browser) -> None:
    """In a low window a drawing does not keep the page from being scrolled; with Ctrl the wheel zooms it."""
    run = made.failed()
    await server.post(run)
    drawn = {
        "": (".react-flow__pane", ".react-flow__viewport", "one => one.style.transform"),
        "?graph=jobs": (".job-board", ".job-board > canvas", "one => one.toDataURL()"),
        "?tab=timeline": (".tl-lanes canvas", ".tl-lanes canvas", "one => one.toDataURL()"),
    }
    async with signed_in(browser, server, viewport={"width": 1280, "height": 660}) as (page, _guard):

        async def turned(board: Locator, drawing: Locator, look: str) -> None:
            seen: list[str] = []

            async def stands_still() -> bool:
                seen.append(await drawing.evaluate(look))
                return len(seen) > 8 and len(set(seen[-8:])) == 1

            async def scrolled() -> bool:
                return bool(await page.evaluate("scrollY + (document.querySelector('.tl-lanes')?.scrollTop ?? 0) > 0"))

            async def zoomed() -> bool:
                return bool(await drawing.evaluate(look) != seen[-1])

            await until(stands_still)
            bounds = await board.bounding_box()
            assert bounds
            await page.mouse.move(bounds["x"] + bounds["width"] / 2, bounds["y"] + 15)
            await page.mouse.wheel(0, 60)
            await until(scrolled)
            await until(stands_still)
            await page.keyboard.down("Control")
            await page.mouse.wheel(0, -100)
            await page.keyboard.up("Control")
            await until(zoomed)

        for search, (board, drawing, look) in drawn.items():
            await page.goto(f"{server.address}/runs/{run.run_id}{search}")
            await expect(page.locator(board).first).to_be_visible()
            await turned(page.locator(board).first, page.locator(drawing).first, look)


async def test_a_part_whose_script_cannot_be_had_comes_later(server: Server, visit: tuple[Page, Guard]) -> None:
    page, guard = visit
    run = made.failed()
    await server.post(run)
    await page.goto(f"{server.address}/runs/{run.run_id}")
    await expect(page.get_by_role("grid", name="Jobs")).to_be_visible()
    guard.announce(r"ERR_FAILED")
    away = re.compile(r"/assets/Timeline|/healthz")
    await page.route(away, lambda route: route.abort())
    await page.get_by_role("tab", name="Timeline").click()
    await expect(page.get_by_text("This part of the page is still on its way")).to_be_visible()
    await page.unroute(away)
    await expect(page.get_by_role("group", name="Timeline of all attempts")).to_be_visible()
