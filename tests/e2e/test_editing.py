"""What people change of a run: by two at once, where there is little room, and on a run that goes away meanwhile."""

from __future__ import annotations

import re

from playwright.async_api import Browser, Page, expect

from tests.e2e.browsing import NARROW, Guard, signed_in
from tests.e2e.serving import Server
from tests.factories import Tape

TAGS = re.compile("^Tags")


async def begun(server: Server, *tags: str) -> str:
    """The address of a run with one job."""
    tape = Tape().opened(name="edited", tags=list(tags)).planned([{"job": 1, "rule": "map"}])
    await server.post(tape.ended())
    return f"{server.address}/runs/{tape.run_id}"


async def test_two_change_one_run(server: Server, visit: tuple[Page, Guard]) -> None:
    mine, guard = visit
    address = await begun(server, *(f"tag{at}" for at in range(12)))
    theirs = await mine.context.new_page()
    for page in (mine, theirs):
        await page.goto(address)
        await page.get_by_role("button", name="Change tags").click()  # however many there are
    await mine.get_by_role("textbox", name=TAGS).fill("first mine")
    await mine.keyboard.press("Enter")
    await mine.get_by_role("button", name="Rename").click()
    await mine.keyboard.type("edited anew")
    await mine.keyboard.press("Enter")
    await expect(theirs.get_by_role("heading", name="edited anew")).to_be_visible()  # so the tags have come, too
    await theirs.get_by_role("textbox", name=TAGS).press("End")
    await theirs.keyboard.type(" theirs")
    await theirs.keyboard.press("Enter")
    for page in (mine, theirs):
        await expect(page.locator(".run-tags")).to_have_text(re.compile("#first#mine#theirs"))
    await expect(theirs.get_by_role("button", name="Change tags")).to_be_focused()

    for page in (mine, theirs):
        await page.get_by_role("button", name="Add a note").click()
    await theirs.get_by_role("textbox", name="Note").fill("of theirs")
    await mine.get_by_role("textbox", name="Note").fill("of mine")
    await mine.keyboard.press("Control+Enter")
    await expect(mine.get_by_role("button", name="of mine")).to_be_focused()
    await expect(theirs.locator("q")).to_have_text("of mine")
    await theirs.get_by_role("button", name="Keep theirs").click()
    await expect(theirs.get_by_role("button", name="of mine")).to_be_focused()

    # Who has it open when it is deleted is told so, and has a way on.
    guard.announce(r"404")
    await mine.get_by_role("button", name="More about this run").click()
    await mine.get_by_role("menuitem", name="Delete").click()
    await mine.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await expect(mine).to_have_url(f"{server.address}/runs")
    await expect(theirs.get_by_text("This run is not here")).to_be_visible()


async def test_a_note_is_read_whole_on_a_telephone(browser: Browser, server: Server) -> None:
    address = await begun(server, "a")
    async with signed_in(browser, server, viewport=NARROW) as (page, _guard):
        await page.goto(address)
        await page.get_by_role("button", name="Add a note").click()
        for part in (page.get_by_role("textbox", name="Note"), page.get_by_role("button", name="Save", exact=True)):
            await expect(part).to_be_in_viewport(ratio=1)
