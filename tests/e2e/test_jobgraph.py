"""The graph of all jobs: into it from a rule, by pointer and by keyboard to a job, and out again."""

from __future__ import annotations

import re

from playwright.async_api import Page, expect
from snakemake_logger_plugin_flowo import wire

from tests.e2e import made
from tests.e2e.browsing import Guard
from tests.e2e.serving import Server
from tests.factories import Tape

IN_THE_MIDDLE = """(rule) => {
  const [box, pane] = [`[data-box="${rule}"]`, '.graph-canvas'].map(one => document.querySelector(one)?.getBoundingClientRect());
  return box && pane && Math.hypot(box.x + box.width / 2 - pane.x - pane.width / 2,
                                   box.y + box.height / 2 - pane.y - pane.height / 2) < 5;
}"""


async def test_from_a_rule_to_its_jobs_and_back(server: Server, visit: tuple[Page, Guard]) -> None:
    page, _guard = visit
    run = made.failed()
    await server.post(run)
    await page.goto(f"{server.address}/runs/{run.run_id}")

    await page.locator('[data-box="call_variants"]').dblclick()
    board = page.get_by_role("application", name="Graph of 75 jobs")
    await expect(board).to_be_visible()
    await expect(page).to_have_url(re.compile(r"\?graph=jobs$"))  # a double click chooses nothing

    # The block of the rule is where one looks: pointing there tells of one of its jobs, or of all of them.
    box = await board.bounding_box()
    assert box
    await page.mouse.move(box["x"] + box["width"] / 2 - 20, box["y"] + box["height"] / 2)
    await expect(page.locator(".job-tip")).to_contain_text("call_variants")

    await board.focus()
    await page.keyboard.press("Enter")
    told = board.get_by_role("status")
    await expect(told).to_contain_text(re.compile(r"^job \d+, call_variants, sample NA128\d+, failed, needs 4, "))
    first = await told.inner_text()
    await page.keyboard.press("ArrowLeft")
    await expect(told).to_contain_text(", mark_duplicates, sample NA128")
    await page.keyboard.press("ArrowRight")
    await expect(told).to_have_text(first)
    await page.keyboard.press("Enter")
    drawer = page.get_by_role("complementary", name=re.compile(r"^Job \d+$"))
    await expect(drawer.get_by_role("heading", name="call_variants")).to_be_visible()
    number = first.split(",")[0].removeprefix("job ")
    await expect(page).to_have_url(re.compile(rf"/jobs/{number}\?graph=jobs$"))
    await page.keyboard.press("Escape")
    await expect(drawer).to_have_count(0)
    await expect(board).to_be_focused()

    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="Longest chain").click()
    await expect(page.locator(".graph-foot")).to_contain_text(re.compile(r"^Longest chain: \d+ jobs, \d+ "))
    async with page.expect_download() as downloading:
        await page.get_by_role("button", name="Save as PNG").click()
    picture = await downloading.value
    assert picture.suggested_filename.endswith("-jobs.png")
    assert (await picture.path()).read_bytes().startswith(b"\x89PNG")

    await page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    rules = page.locator(".rule-box")
    for _ in range(40):
        if await rules.count():
            break
        await page.mouse.wheel(0, 240)
    await expect(rules.first).to_be_visible()
    await expect(page).not_to_have_url(re.compile("graph=jobs"))

    # And by the switch: the rule whose jobs one looked at stands in the middle.
    await page.locator('[data-box="trim_reads"]').dblclick()
    await expect(board).to_be_visible()
    await page.get_by_role("button", name="Rules", exact=True).click()
    await page.wait_for_function(IN_THE_MIDDLE, arg="trim_reads")


async def test_back_among_more_rules_than_fit(server: Server, visit: tuple[Page, Guard]) -> None:
    """Where the whole could not be read, showing the whole must not come after showing the rule."""
    page, _guard = visit
    rules = [f"{chr(97 + i)}step" for i in range(24)]
    tape = Tape().opened(name="many rules")
    tape.add(wire.RuleGraph(nodes=rules, links=[[i, i + 1] for i in range(23)]))
    tape.planned({"job": i + 1, "rule": rule, "needs": [i] if i else []} for i, rule in enumerate(rules))
    await server.post(tape)
    await page.goto(f"{server.address}/runs/{tape.run_id}")
    await page.locator('[data-box="astep"]').dblclick()
    await expect(page.get_by_role("application", name="Graph of 24 jobs")).to_be_visible()
    await page.get_by_role("button", name="Rules", exact=True).click()
    await page.wait_for_function(IN_THE_MIDDLE, arg="astep")
    await page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert await page.evaluate(IN_THE_MIDDLE, "astep")
