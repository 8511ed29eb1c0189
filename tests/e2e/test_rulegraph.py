"""The rule graph: folded and unfolded, walked, chosen from, searched, saved, and still while its numbers move."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from playwright.async_api import Locator, Page, expect
from snakemake_logger_plugin_flowo import wire

from tests.e2e.browsing import Guard
from tests.e2e.serving import Server
from tests.factories import Tape

RULES = ["fetch", "qc_a", "qc_b", "qc_c", "trim", "sort", "index", "call", "cover", "all"]
LINKS = ["fetch qc_a", "fetch qc_b", "fetch qc_c", "fetch trim", "trim sort", "sort index", "index call", "fetch cover"]
LINKS += [f"{last} all" for last in ("qc_a", "qc_b", "qc_c", "call", "cover")]
SVG = "{http://www.w3.org/2000/svg}"
PLACES = """() => [...document.querySelectorAll('.react-flow__node, .react-flow__viewport')].map(one => one.style.transform)"""


def planned() -> Tape:
    links = [[RULES.index(rule) for rule in link.split()] for link in LINKS]
    tape = Tape().opened(name="ten <rules>")
    tape.add(wire.RuleGraph(nodes=RULES, links=links))
    needs = [[source + 1 for source, target in links if target == at] for at in range(len(RULES))]
    return tape.planned({"job": i + 1, "rule": rule, "needs": needs[i]} for i, rule in enumerate(RULES))


async def opened(page: Page, server: Server, tape: Tape, search: str = "") -> Locator:
    await page.goto(f"{server.address}/runs/{tape.run_id}{search}")
    boxes = page.locator(".rule-box")
    await expect(boxes.first).to_be_visible()
    return boxes


def box(page: Page, name: str) -> Locator:
    return page.locator(f'[data-box="{name}"]')


async def test_what_is_folded_is_in_the_address(server: Server, visit: tuple[Page, Guard]) -> None:
    page, _guard = visit
    tape = planned()
    await server.post(tape)
    boxes = await opened(page, server, tape)
    await expect(boxes).to_have_count(10)
    steps = await page.evaluate("history.length")

    await box(page, "qc_b").hover()
    await page.locator(".react-flow__node", has=box(page, "qc_b")).get_by_role("button", name="Fold with qc_*").click()
    await expect(box(page, "prefix/qc_a")).to_contain_text("qc_*")
    await expect(page).to_have_url(re.compile(r"\?folds=none&folds=prefix/qc_a$"))

    # By the keyboard, and the focus goes along into the fold and out of it.
    await box(page, "sort").focus()
    await page.keyboard.press("-")
    await expect(box(page, "chain/trim")).to_be_focused()
    await expect(page).to_have_url(re.compile(r"\?folds=all$"))
    await page.reload()
    await expect(box(page, "chain/trim")).to_contain_text("trim … call")
    await expect(boxes).to_have_count(5)
    await box(page, "chain/trim").focus()
    await page.keyboard.press("+")
    await expect(box(page, "trim")).to_be_focused()
    await expect(boxes).to_have_count(8)
    await expect(page).to_have_url(re.compile(r"\?folds=none&folds=prefix/qc_a$"))
    assert await page.evaluate("history.length") == steps  # Back leaves the graph, whatever was folded

    # Another who is sent the address sees the same; a fold that is none is passed over.
    await opened(page, server, tape, "?folds=all&folds=prefix/qc_a&folds=prefix/gone")
    await expect(box(page, "chain/trim")).to_be_visible()
    await expect(boxes).to_have_count(7)
    await page.get_by_role("button", name="Unfold all").click()
    await expect(boxes).to_have_count(10)
    await expect(page).not_to_have_url(re.compile("folds"))


async def test_rules_are_walked_chosen_and_found(server: Server, visit: tuple[Page, Guard]) -> None:
    page, _guard = visit
    tape = planned()
    await server.post(tape)
    await opened(page, server, tape)
    dimmed = page.locator('.rule-box[data-dimmed="true"]')

    await box(page, "fetch").focus()
    await page.keyboard.press("ArrowDown")
    await expect(box(page, "fetch")).not_to_be_focused()
    await page.keyboard.press("ArrowUp")
    await expect(box(page, "fetch")).to_be_focused()
    await box(page, "trim").focus()
    for key, to in (("ArrowDown", "sort"), ("ArrowDown", "index"), ("ArrowUp", "sort")):
        await page.keyboard.press(key)
        await expect(box(page, to)).to_be_focused()

    await page.keyboard.press("Enter")
    await expect(page).to_have_url(re.compile(r"\?rule=sort$"))
    await expect(page.get_by_title("rule sort")).to_be_visible()
    rows = page.locator(".table-row[data-index]")
    await expect(rows).to_have_count(1)
    await expect(rows).to_contain_text("sort")
    await expect(box(page, "sort")).to_have_attribute("aria-pressed", "true")
    # What neither leads there nor follows steps back, also when the keyboard has gone elsewhere.
    await page.get_by_role("textbox", name="Find a rule").focus()
    await expect(dimmed).to_have_count(4)
    for name in ("qc_a", "qc_b", "qc_c", "cover"):
        await expect(box(page, name)).to_have_attribute("data-dimmed", "true")
    await expect(page.locator('.rule-link[data-lit="true"]')).to_have_count(5)  # fetch > trim > … > all
    await box(page, "cover").hover()
    await expect(box(page, "sort")).to_have_attribute("data-dimmed", "true")
    await expect(box(page, "cover")).to_have_attribute("data-dimmed", "false")

    await box(page, "call").click(modifiers=["Shift"])
    await expect(page).to_have_url(re.compile(r"\?rule=sort&rule=call$"))
    await expect(rows).to_have_count(2)
    await page.get_by_role("button", name="Remove rule sort").click()
    await page.get_by_role("button", name="Remove rule call").click()
    await expect(page.locator('.rule-box[aria-pressed="true"]')).to_have_count(0)

    find = page.get_by_role("textbox", name="Find a rule")
    await find.fill("C")
    told = page.locator(".graph-find").get_by_role("status")
    await expect(told).to_have_text("6")  # fetch, qc_a …, call, cover
    await find.fill("qc")
    await expect(told).to_have_text("3")
    await expect(dimmed).to_have_count(7)
    await find.press("Enter")
    await find.press("Enter")
    await expect(told).to_have_text("2/3")
    await expect(page.locator('[data-found="here"]')).to_have_attribute("data-box", "qc_b")
    await find.press("Escape")
    await expect(find).to_have_value("")
    await expect(page.locator("[data-found]")).to_have_count(0)


async def test_pictures_and_a_graph_that_stands_still(server: Server, visit: tuple[Page, Guard]) -> None:
    page, _guard = visit
    tape = planned()
    told = len(tape.lines)
    for job, rule in enumerate(RULES[:5], 1):
        tape.info(job, rule).finished(job)
    tape.info(6, "sort").failed(6).ended("failed")
    await server.post(tape, 1, told)
    await opened(page, server, tape)
    await expect(box(page, "fetch")).to_contain_text("0/1")
    # Once somebody has moved it, it stays where it is put, also when the first failure takes room from the pane.
    await page.wait_for_function("() => document.querySelector('.react-flow__viewport').style.transform !== ''")
    pane = await page.locator(".graph-canvas").bounding_box()
    assert pane
    await page.mouse.move(pane["x"] + 20, pane["y"] + 20)
    await page.mouse.down()
    await page.mouse.move(pane["x"] + 40, pane["y"] + 30, steps=5)
    await page.mouse.up()
    before = await page.evaluate(PLACES)
    assert len(before) == 11

    await server.post(tape, told + 1)
    await expect(box(page, "trim")).to_contain_text("1/1")
    await expect(box(page, "sort").get_by_title("failed")).to_be_visible()
    assert await page.evaluate(PLACES) == before

    async def saved(kind: str) -> bytes:
        await page.get_by_role("button", name="Save a picture").click()
        async with page.expect_download() as downloading:
            await page.get_by_role("menuitem", name=f"Save as {kind}").click()
        picture = await downloading.value
        assert picture.suggested_filename == f"ten-rules--rules.{kind.lower()}"
        return (await picture.path()).read_bytes()

    root = ElementTree.fromstring(await saved("SVG"))
    assert root.tag == f"{SVG}svg"
    assert [title.text for title in root.iter(f"{SVG}title")] == RULES
    assert next(text.text for text in root.iter(f"{SVG}text")) == "ten <rules>"
    assert len([path for path in root.iter(f"{SVG}path") if path.get("marker-end")]) == len(LINKS)
    png = await saved("PNG")
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    wide, high = (int.from_bytes(png[at : at + 4], "big") for at in (16, 20))
    assert (wide, high) == (2 * int(root.get("width", "0")), 2 * int(root.get("height", "0")))


async def test_a_click_on_the_map_goes_there(server: Server, visit: tuple[Page, Guard]) -> None:
    page, _guard = visit
    rules = [f"r{at:02}" for at in range(40)]
    tape = Tape().opened(name="forty rules")
    tape.add(wire.RuleGraph(nodes=rules, links=[[at, at + 1] for at in range(39)]))
    tape.planned({"job": i, "rule": rule, "needs": [i - 1] if i else []} for i, rule in enumerate(rules))
    await server.post(tape)
    await opened(page, server, tape, "?folds=none")
    small = page.locator(".react-flow__minimap")
    where = await small.bounding_box()
    assert where
    for name, down in (("r00", 6), ("r39", where["height"] - 6), ("r00", 6)):
        await page.mouse.click(where["x"] + where["width"] / 2, where["y"] + down)
        await expect(box(page, name)).to_be_in_viewport()
