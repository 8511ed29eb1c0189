"""The walk: signs in, watches a real Snakemake run from its first event to its end, and finds out why it failed."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Browser, Locator, Page, expect

from tests.e2e.browsing import guarded
from tests.e2e.serving import LOST_AFTER_S, Server, serving
from tests.factories import Tape


def counter(page: Page, status: str) -> Locator:
    return page.get_by_role("group", name="Jobs by status").get_by_role("button", name=re.compile(status))


def node(page: Page, rule: str) -> Locator:
    return page.locator(".react-flow").get_by_role("button", name=re.compile(rf"^{rule}\b"))


def rows(page: Page) -> Locator:
    return page.get_by_role("grid", name="Jobs").get_by_role("row").filter(has=page.get_by_role("link"))


def row(page: Page, rule: str, sample: str) -> Locator:
    cell = page.get_by_role("gridcell", name=sample, exact=True)
    return rows(page).filter(has=page.get_by_role("link", name=rule, exact=True)).filter(has=cell)


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    """Of its own: the walk begins where there is no run yet."""
    async with serving(FLOWO_LOST_AFTER_S=str(LOST_AFTER_S)) as started:
        yield started


async def test_the_walk(browser: Browser, server: Server, tmp_path: Path) -> None:
    async with guarded(browser, server) as (context, guard):
        # A stranger gets the way in, and nothing else.
        page = await context.new_page()
        guard.announce(r"401")
        await page.goto(f"{server.address}/runs")
        await expect(page).to_have_url(f"{server.address}/sign-in")
        await expect(page.get_by_text("flowo open", exact=True)).to_be_visible()

        # The link that `flowo serve` printed.
        await page.goto(server.first_link)
        await expect(page).to_have_url(f"{server.address}/first-run")
        await a_link_signs_in_once(browser, server)

        await first_run(page, server)
        await page.evaluate("window.never_reloaded = true")
        await page.get_by_role("link", name="Runs", exact=True).click()
        await expect(page).to_have_url(f"{server.address}/runs")

        async with server.snakemake(tmp_path / "walk", "--cores", "3", "--keep-going") as run:
            listed = page.get_by_role("listitem").filter(has_text="walk")
            await expect(listed.get_by_role("img", name="running", exact=True)).to_be_visible(timeout=40_000)
            await expect(listed).to_contain_text("0 / 20")
            await listed.get_by_role("link").click()
            run_id = (await server.run_called("walk"))["id"]
            await expect(page).to_have_url(f"{server.address}/runs/{run_id}")

            header = page.locator(".run-head")
            await expect(header.get_by_text("running", exact=True)).to_be_visible()
            await expect(counter(page, "running")).to_have_text("3running")
            await expect(node(page, "fetch")).to_contain_text("0/6")
            await expect(page).to_have_title(re.compile("walk"))

            run.open("fetch")
            await expect(node(page, "fetch")).to_contain_text("6/6")
            await expect(counter(page, "succeeded")).to_have_text("6succeeded")
            await expect(header).to_contain_text("6 / 20 done")
            await expect(rows(page).filter(has_text=re.compile("running.*align"))).to_have_count(3)
            assert await page.get_by_role("region", name="First failure").count() == 0

            run.open("align")
            await expect(row(page, "align", "C")).to_contain_text("failed")
            await expect(node(page, "align")).to_contain_text("5/6")
            await the_failure_is_told(page)
            await the_drawer(page, server, run_id)
            await page.evaluate("window.never_reloaded = true")  # that was reloaded on purpose
            await filters(page, server, run_id)
            await dark(page)

            run.open("stack", "report")
            await expect(header.get_by_text("failed", exact=True)).to_be_visible()
            assert await run.wait() == 1
        await expect(header).to_contain_text("16 / 20 done")
        await expect(counter(page, "skipped")).to_have_text("3skipped")
        await expect(counter(page, "running")).to_have_count(0)
        assert await page.evaluate("window.never_reloaded")
        await keyboard(page, server, run_id)


async def a_link_signs_in_once(browser: Browser, server: Server) -> None:
    async with guarded(browser, server) as (context, guard):
        guard.announce(r"401")
        page = await context.new_page()
        await page.goto(server.first_link)
        await expect(page.get_by_role("alert")).to_contain_text("This link has been used")
        assert (await context.request.get(f"{server.address}/api/v1/me")).status == 401
        await page.goto(f"{server.address}/runs")
        await expect(page).to_have_url(re.compile("/sign-in"))
        await page.goto(await server.new_link())
        await expect(page).to_have_url(f"{server.address}/first-run")


async def first_run(page: Page, server: Server) -> None:
    """The commands hold real values, and the light turns green at the first event."""
    main = page.get_by_role("main")
    plugin = (await server.ask("GET", "/api/v1/first-run"))["plugin"]
    assert plugin.startswith("snakemake-logger-plugin-flowo==") or Path(plugin).exists()  # here: a checkout
    await expect(main).to_contain_text(f"pip install {plugin}")
    await expect(main).to_contain_text(f"FLOWO_URL={server.address}")
    await page.get_by_role("button", name="Make a token").click()
    shown = page.get_by_text(re.compile(r"FLOWO_TOKEN=flowo_\w+"))
    token = (await shown.inner_text()).partition("FLOWO_TOKEN=")[2].strip()
    async with httpx.AsyncClient(base_url=server.address, headers={"Authorization": f"Bearer {token}"}) as client:
        assert (await client.get("/api/v1/runs")).status_code == 403  # it may report, not look
    light = page.get_by_role("status").filter(has_text=re.compile("Listening|Heard"))
    await expect(light).to_have_text("Listening for the first event")
    await server.post(Tape().opened(name="earlier").ended())
    await expect(light).to_contain_text("Heard from earlier")


async def the_failure_is_told(page: Page) -> None:
    card = page.get_by_role("region", name="First failure")
    # It came while somebody reads: that is told, and pushes nothing away.
    await page.get_by_role("heading", name=re.compile("^First failure: align")).get_by_role("button").click()
    await expect(card.get_by_role("link", name="align")).to_be_visible()
    await expect(card).to_contain_text("C")
    await expect(card).to_contain_text("exit 3")
    await expect(card).to_contain_text("Error: the reference has no chromosome 7")
    await expect(counter(page, "failed")).to_have_text("1failed")


async def point_at_rows(page: Page) -> None:
    """Rows of a live run keep their places while somebody points at them; what was asked for before still comes in."""
    await rows(page).first.hover()
    await page.wait_for_timeout(1_500)  # an answer that was on its way reorders once more; nothing tells of it


async def the_drawer(page: Page, server: Server, run_id: str) -> None:
    """It has a URL of its own, survives a reload, and Escape closes it."""
    await point_at_rows(page)
    await row(page, "align", "C").get_by_role("link").click()
    drawer = page.get_by_role("complementary", name=re.compile(r"Job \d+"))
    await expect(drawer.get_by_role("heading", name="align")).to_be_visible()
    await expect(page).to_have_url(re.compile(rf"/runs/{run_id}/jobs/\d+$"))
    cause = drawer.locator(".log-line").filter(has_text="Error: the reference has no chromosome 7")
    await expect(cause).to_be_visible()
    grounds = await drawer.locator(".log-line").evaluate_all(
        "lines => new Set(lines.map(one => getComputedStyle(one).backgroundColor)).size"
    )
    assert grounds > 1  # it stands out of the others
    await drawer.get_by_role("tab", name="Command").click()
    await expect(drawer).to_contain_text("test C != C")
    await expect(page).to_have_url(re.compile(r"jobtab=command"))
    await page.reload()
    await expect(drawer).to_contain_text("test C != C")
    await drawer.get_by_role("tab", name="Files").click()
    await expect(drawer).to_contain_text("aligned/C.txt")
    await drawer.get_by_role("tab", name="Resources").click()
    await expect(drawer).to_contain_text("500")
    await page.keyboard.press("Escape")
    await expect(drawer).to_have_count(0)
    await expect(page).to_have_url(re.compile(rf"/runs/{run_id}(\?|$)"))
    await page.goto(f"{server.address}/runs/{run_id}")
    await expect(node(page, "align")).to_be_visible()


async def filters(page: Page, server: Server, run_id: str) -> None:
    """Each choice is in the URL, filters on the server, and the back button undoes it."""
    url = f"{server.address}/runs/{run_id}"
    await counter(page, "failed").click()
    await expect(page).to_have_url(f"{url}?status=failed")
    await expect(rows(page)).to_have_count(1)
    await counter(page, "running").click()
    await expect(page).to_have_url(f"{url}?status=failed&status=running")
    await expect(rows(page)).to_have_count(4)
    await page.go_back()
    await expect(rows(page)).to_have_count(1)
    await page.go_back()
    await expect(page).to_have_url(url)

    await node(page, "fetch").click()
    await expect(page).to_have_url(f"{url}?rule=fetch")
    await expect(rows(page)).to_have_count(6)
    await expect(node(page, "fetch")).to_have_attribute("aria-pressed", "true")

    header = page.get_by_role("columnheader", name="Id")
    await header.get_by_role("button").click()
    await expect(page).to_have_url(f"{url}?rule=fetch&sort=number")
    await expect(header).to_have_attribute("aria-sort", "ascending")
    # The last one in the new order, by the server: the old rows stay until the new ones come.
    listed = await server.ask("GET", f"/api/v1/runs/{run_id}/jobs?rule=fetch&sort=number")
    up = str(listed["items"][-1]["number"])
    await expect(rows(page).last.get_by_role("gridcell").last).to_have_text(up)
    await header.get_by_role("button").click()
    await expect(page).to_have_url(f"{url}?rule=fetch&sort=-number")
    await expect(rows(page).first.get_by_role("gridcell").last).to_have_text(up)

    await page.get_by_role("combobox", name="Filter jobs").fill("E")
    await expect(row(page, "fetch", "E")).to_have_count(1)
    await expect(page).to_have_url(re.compile("q=E"))
    await page.get_by_role("button", name="Clear", exact=True).click()
    await expect(page).to_have_url(f"{url}?sort=-number")
    await searched(page, url)
    await page.get_by_role("combobox", name="Filter jobs").fill("no such thing")
    await expect(page.get_by_role("heading", name="No job is like that")).to_be_visible()
    await page.get_by_role("button", name="Show all jobs").click()
    await expect(rows(page)).not_to_have_count(0)


async def searched(page: Page, url: str) -> None:
    """Keys become chips, which graph, failures and table go by; what is offered is what the run has."""
    field = page.get_by_role("combobox", name="Filter jobs")
    await field.fill("status:failed sample:C nonsense:1")
    await field.press("Enter")
    await expect(page).to_have_url(f"{url}?sort=-number&status=failed&wildcard=sample:C")
    await expect(page.get_by_text("No wildcard here is called “nonsense”")).to_be_visible()
    await expect(field).to_have_value("nonsense:1")
    await expect(rows(page)).to_have_count(1)
    await expect(node(page, "fetch")).to_have_attribute("data-dimmed", "true")
    await expect(node(page, "align")).to_have_attribute("data-dimmed", "false")
    await page.get_by_role("tab", name=re.compile("^Failures")).click()
    await expect(page.get_by_role("tabpanel")).to_contain_text("align")
    await page.get_by_role("button", name="Remove sample C").click()
    await field.fill("sample:")
    await expect(page.get_by_role("option")).to_have_count(6)
    await field.press("ArrowDown")
    await field.press("Enter")
    await expect(page.get_by_role("heading", name="No failure among what is chosen")).to_be_visible()
    await page.get_by_role("tab", name="Jobs").click()
    await page.get_by_role("button", name="Clear", exact=True).click()
    await expect(page).to_have_url(f"{url}?sort=-number")


async def dark(page: Page) -> None:
    async def luminance() -> float:
        colour = await page.evaluate("getComputedStyle(document.body).backgroundColor")
        return sum(map(float, re.findall(r"[\d.]+", colour)[:3])) / 3

    async def choose(mode: str) -> None:
        await page.get_by_role("button", name=re.compile("^Menu of")).click()
        await page.get_by_role("menuitem", name=mode).click()

    assert await luminance() > 200
    await choose("Dark")
    await expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert await luminance() < 60
    await choose("As the system")
    await expect(page.locator("html")).to_have_attribute("data-theme", "light")


async def keyboard(page: Page, server: Server, run_id: str) -> None:
    press = page.keyboard.press
    await press("g")
    await press("r")
    await expect(page).to_have_url(f"{server.address}/runs")
    await expect(page.get_by_role("listitem")).to_have_count(2)
    await press("j")
    await expect(page.get_by_role("listitem").nth(0).get_by_role("link")).to_be_focused()
    await press("j")
    await expect(page.get_by_role("listitem").nth(1).get_by_role("link")).to_be_focused()
    await press("k")
    await press("Enter")
    await expect(page).to_have_url(re.compile(rf"/runs/{run_id}$"))

    # As it ended, not as it was when last looked at: in the order of then, k would not lead back.
    listed = await server.ask("GET", f"/api/v1/runs/{run_id}/jobs?sort=status")
    for place, job in enumerate(listed["items"][:5]):
        await expect(rows(page).nth(place).get_by_role("gridcell").last).to_have_text(str(job["number"]))
    await press("j")
    await expect(rows(page).first.get_by_role("link")).to_be_focused()
    await press("Enter")
    drawer = page.get_by_role("complementary")
    await expect(drawer).to_be_visible()
    first, its = page.url, await drawer.get_attribute("aria-label") or ""
    await press("j")
    await expect(page).not_to_have_url(first)
    await expect(drawer).not_to_have_attribute("aria-label", its)  # the address is a moment ahead of the page
    await expect(drawer.get_by_role("button", name="Job before")).to_be_enabled()
    await press("k")
    await expect(page).to_have_url(first)
    await press("Escape")
    await expect(drawer).to_have_count(0)

    await menus_have_their_keys(page)
    await press("/")
    await expect(page.get_by_role("combobox", name="Filter jobs")).to_be_focused()
    await page.keyboard.type("stack")
    await expect(page).to_have_url(re.compile("q=stack"))
    await expect(rows(page)).to_have_count(6)
    await press("Escape")  # what is offered first, then the words
    await press("Escape")
    await expect(page).to_have_url(re.compile(rf"/runs/{run_id}$"))
    await press("?")
    await expect(page.get_by_role("dialog", name="Keyboard")).to_be_visible()
    await press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await on_paper(page)


async def menus_have_their_keys(page: Page) -> None:
    """Enter is for the button that has the focus, whatever row was chosen; Escape closes the menu and nothing else."""
    drawer, menu = page.get_by_role("complementary"), page.get_by_role("menu")
    await page.get_by_role("button", name="Columns").focus()
    await page.keyboard.press("Enter")
    await expect(menu.get_by_role("menuitem", name="Threads")).to_be_visible()
    await expect(drawer).to_have_count(0)
    await page.keyboard.press("Escape")
    await expect(menu.get_by_role("menuitem", name="Threads")).not_to_be_visible()
    await rows(page).first.get_by_role("link").click()
    await expect(drawer).to_be_visible()
    await page.get_by_role("button", name="More about this run").focus()
    await page.keyboard.press("Enter")
    copy = menu.get_by_role("menuitem", name="Copy link")
    await expect(copy).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(copy).not_to_be_visible()
    await expect(drawer).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(drawer).to_have_count(0)


async def on_paper(page: Page) -> None:
    """A run printed is a report: what failed and the first jobs, light, and nothing that one clicks."""
    await page.emulate_media(media="print", color_scheme="dark")
    await expect(page.locator("html")).to_have_attribute("data-theme", "light")
    await expect(page.get_by_role("banner").first).to_be_hidden()
    await expect(page.get_by_role("tablist")).to_have_count(0)
    await expect(page.get_by_role("region", name="First failure")).to_be_visible()
    await expect(rows(page)).to_have_count(20)
    await expect(rows(page).last).to_be_visible()
    await page.emulate_media(media="screen", color_scheme="light")
