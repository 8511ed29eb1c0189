"""Graph and timeline where they are slow or cannot be had, and under one finger and two; the tabs on a telephone."""

from __future__ import annotations

import asyncio
import json
import re

import pytest
from playwright.async_api import Browser, Locator, Page, Route, expect

from tests.e2e import made
from tests.e2e.browsing import NARROW, WIDE, Guard, signed_in
from tests.e2e.serving import Server, until

BROKEN = {"type": "about:blank", "title": "Broken", "status": 500, "detail": "The database does not answer."}


@pytest.mark.parametrize(
    ("search", "asked", "waits", "title", "still", "drawn"),
    [
        (
            "graph=jobs",
            "graph",
            "Loading jobs …",
            "The jobs could not be loaded",
            "Rules",
            ".job-board[data-laid-out-ms]",
        ),
        (
            "tab=timeline",
            "spans",
            "Loading 75 jobs …",
            "The timeline could not be loaded",
            "Figures",
            ".tl-lanes canvas",
        ),
    ],
)
async def test_what_is_drawn_is_waited_for_and_tried_again(
    server: Server, visit: tuple[Page, Guard], search: str, asked: str, waits: str, title: str, still: str, drawn: str
) -> None:
    page, guard = visit
    guard.announce("500")
    run = made.failed()
    await server.post(run)
    known = asyncio.Event()

    async def answer(route: Route) -> None:
        await known.wait()
        await route.fulfill(status=500, content_type="application/problem+json", body=json.dumps(BROKEN))

    asking = re.compile(rf"/api/v1/runs/[^/]+/{asked}\b")
    await page.route(asking, answer)
    await page.goto(f"{server.address}/runs/{run.run_id}?{search}")
    await expect(page.get_by_text(waits)).to_be_visible()
    known.set()
    said = page.get_by_role("alert").filter(has_text=title)
    await expect(said).to_contain_text("The database does not answer.")
    # What cannot be had does not take the way to its other with it.
    await expect(page.get_by_role("button", name=still, exact=True)).to_be_visible()
    await page.unroute(asking)
    await said.get_by_role("button", name="Try again").click()
    await expect(page.locator(drawn)).to_be_visible()
    await expect(said).to_have_count(0)


async def test_two_fingers_zoom_what_is_drawn(server: Server, browser: Browser) -> None:
    run = made.failed()
    await server.post(run)
    async with signed_in(browser, server, viewport=NARROW, has_touch=True, is_mobile=True) as (page, _guard):
        fingers = await page.context.new_cdp_session(page)

        async def pinched(drawing: Locator, look: str) -> None:
            """Apart over a drawing; it changes, and the page does not zoom itself."""
            await expect(drawing).to_be_visible()
            seen: list[str] = []

            async def stands_still() -> bool:
                seen.append(await drawing.evaluate(look))
                return len(seen) > 8 and len(set(seen[-8:])) == 1

            await until(stands_still)
            before = seen[-1]

            async def changed() -> bool:
                box = await drawing.bounding_box()
                assert box
                x, y = box["x"] + box["width"] / 2, box["y"] + min(box["height"], 120) / 2
                for kind, apart in [("touchStart", 20), *(("touchMove", n) for n in range(24, 84, 4)), ("touchEnd", 0)]:
                    points = [{"x": x - apart, "y": y, "id": 0}, {"x": x + apart, "y": y, "id": 1}] if apart else []
                    await fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
                return bool(await drawing.evaluate(look) != before)

            await until(changed)
            assert await page.evaluate("visualViewport.scale") == 1

        address = f"{server.address}/runs/{run.run_id}"
        await page.goto(f"{address}?tab=graph")
        await page.locator('[data-box="align"]').tap()
        await expect(page).to_have_url(re.compile("rule=align"))
        await pinched(page.locator(".react-flow__viewport"), "one => /scale[(](.*?)[)]/.exec(one.style.transform)[1]")
        await page.goto(f"{address}?tab=graph&graph=jobs")
        await pinched(page.locator(".job-board > canvas").first, "one => one.toDataURL()")
        await page.goto(f"{address}?tab=timeline")
        await pinched(page.locator(".tl-lanes canvas"), "one => one.toDataURL()")


async def test_one_finger_scrolls_the_page_where_all_of_a_drawing_is_seen(server: Server, browser: Browser) -> None:
    run = made.failed()
    await server.post(run)
    low = {"width": 390, "height": 520}
    async with signed_in(browser, server, viewport=low, has_touch=True, is_mobile=True) as (page, _guard):
        fingers = await page.context.new_cdp_session(page)

        async def dragged(place: str, look: str) -> tuple[bool, bool]:
            """Upwards over a drawing: whether the page was scrolled, and whether the drawing was moved."""
            await page.evaluate("scrollTo(0, 0)")
            box = await page.locator(place).bounding_box()
            assert box
            x, y = box["x"] + box["width"] / 2, min(box["y"] + box["height"], low["height"]) - 20
            before = await page.evaluate("scrollY"), await page.evaluate(look)
            for kind, by in [("touchStart", 0), *(("touchMove", n) for n in range(4, 100, 4)), ("touchEnd", None)]:
                points = [] if by is None else [{"x": x, "y": y - by, "id": 0}]
                await fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
            after = await page.evaluate("scrollY"), await page.evaluate(look)
            return after[0] > before[0], after[1] != before[1]

        for search, place, look in (
            ("", ".graph-canvas", "document.querySelector('.react-flow__viewport').style.transform"),
            ("&graph=jobs", ".job-board", "document.querySelector('.job-board > canvas').toDataURL()"),
        ):
            await page.goto(f"{server.address}/runs/{run.run_id}?tab=graph{search}")
            await expect(page.locator(".job-board[data-laid-out-ms]" if search else ".rule-box").first).to_be_visible()

            async def scrolls(place: str = place, look: str = look) -> bool:
                return await dragged(place, look) == (True, False)

            await until(scrolls)
            # What is larger than its window is moved instead.
            for _ in range(3):
                await page.get_by_role("button", name="Closer").click()

            async def moves(place: str = place, look: str = look) -> bool:
                return await dragged(place, look) == (False, True)

            await until(moves)


async def test_the_tabs_on_a_telephone_fade_where_there_are_more(server: Server, browser: Browser) -> None:
    run = made.failed()
    await server.post(run)
    async with signed_in(browser, server, viewport=NARROW) as (page, _guard):
        tabs = page.get_by_role("tablist", name="What to show of the run")
        # Of the opened tab: whether it is in sight, and whether what fades out on either side leaves it alone.
        clear = """list => {
            const [tab, all] = [list.querySelector("[aria-selected=true]"), list].map(one => one.getBoundingClientRect());
            const style = getComputedStyle(list);
            const fade = side => style.maskImage === "none" ? 0 : parseFloat(style.getPropertyValue("--fade-" + side));
            return tab.left >= all.left + fade("before") - 1 && tab.right <= all.right - fade("after") + 1;
        }"""
        for tab, more in (("jobs", "after"), ("failures", re.compile("after")), ("info", "before")):
            await page.goto(f"{server.address}/runs/{run.run_id}?tab={tab}")
            await expect(tabs).to_have_attribute("data-more", more)
            await expect(tabs).to_have_css("mask-image", re.compile("gradient"))
            assert await tabs.evaluate(clear), tab
        await page.set_viewport_size(WIDE)
        await expect(tabs).to_have_attribute("data-more", "")
        await expect(tabs).to_have_css("mask-image", "none")
        await page.set_viewport_size({"width": 300, "height": 700})
        await page.goto(f"{server.address}/runs")
        statuses = page.get_by_role("navigation", name="Runs by status")
        await expect(statuses).to_have_attribute("data-more", "after")
        await expect(statuses).to_have_css("mask-image", re.compile("gradient"))
