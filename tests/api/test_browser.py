"""The pages in a real browser: nothing blocked, nobody else asked, narrow, dark, by keyboard."""

import socket
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest
import uvicorn
from fastapi import FastAPI

from tests.waiting import PATIENCE

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

ORDER = "/notices/us-action:7012:70CMSD23FR0000145:0"
HOSTILE = "/notices/us-action:7014:70B03C26P00000666:0"
TENDER = "/notices/sam:f4ce3f0421184c4bb6ed5aa8d7dbc24d"
PAGES = ("/", "/search?lens=everything", ORDER, TENDER, f"{TENDER}/diff?from=1&to=2", HOSTILE, "/vendors/giant-oak",
         "/vendors/vigilant-solutions", "/vendors", "/technologies", "/technologies/osint", "/technologies/spyware",
         "/buyers", "/buyers/usg-dhs", "/buyers/us", "/renewals", "/new", "/watchlist", "/sources", "/about",
         "/docs/api", "/docs", "/docs/sources", '/search?q="abc',
         "/notices/70CMSD26P00000034", "/alerts", "/alerts/new?q=osint&lens=everything",
         "/alerts/operator")  # fmt: skip


@pytest.fixture(scope="module")
def address(apps: Callable[[str], FastAPI]) -> Iterator[str]:
    """A real server on a free port of the loopback."""
    app = apps("sqlite")
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join(PATIENCE)
    listener.close()


@pytest.fixture
def page(browser: "Browser") -> Iterator["Page"]:
    context = browser.new_context(viewport={"width": 1200, "height": 900})
    yield context.new_page()
    context.close()


def test_pages_have_no_faults_and_ask_nobody_else(page: "Page", address: str) -> None:
    faults: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: faults.append(message.text) if message.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("dialog", lambda dialog: faults.append(f"a script ran: {dialog.message}"))
    page.on("request", lambda request: asked.append(request.url))
    for path in PAGES:
        page.goto(address + path)
        assert page.locator("h1").count() == 1
        refused = [fault for fault in faults if "status of" not in fault]
        assert not refused, f"{path}: {refused}"
    assert not [url for url in asked if not url.startswith(address)]


def test_pages_fit_a_narrow_screen(browser: "Browser", address: str) -> None:
    context = browser.new_context(viewport={"width": 320, "height": 640})
    page = context.new_page()
    for path in PAGES:
        page.goto(address + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, path
    context.close()


def test_nothing_is_cut_off_or_folded_away_on_paper(browser: "Browser", address: str) -> None:
    context = browser.new_context(viewport={"width": 718, "height": 1000})  # A4 with the margins that browsers leave
    page = context.new_page()
    page.emulate_media(media="print")
    for path in (*PAGES, "/docs/alerts"):
        page.goto(address + path)
        assert page.evaluate(CUT_OFF) == [], path
        assert not [one.inner_text() for one in page.locator("details > p").all() if not one.is_visible()], path
    page.goto(address + "/search?q=cellebrite&lens=everything")
    assert page.evaluate("getComputedStyle(document.querySelector('mark')).fontWeight") == "700"
    context.close()


@pytest.mark.parametrize("wide", [390, 1280])
def test_a_label_stands_in_the_line_of_its_field(browser: "Browser", address: str, wide: int) -> None:
    context = browser.new_context(viewport={"width": wide, "height": 900})
    page = context.new_page()
    page.goto(address + "/renewals")
    apart = "l => Math.abs(l.getBoundingClientRect().y - l.control.getBoundingClientRect().y)"
    assert [label.inner_text() for label in page.locator("main label").all() if label.evaluate(apart) > 40] == []
    context.close()


def test_the_keyboard_reaches_the_content_and_its_place_is_seen(page: "Page", address: str) -> None:
    page.goto(address + ORDER)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    for _ in range(4):
        page.keyboard.press("Tab")
        style = page.evaluate(
            "(s => [s.outlineStyle, parseFloat(s.outlineWidth)])(getComputedStyle(document.activeElement))"
        )
        assert style[0] != "none"
        assert style[1] >= 2


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_contrast_in_light_and_dark(browser: "Browser", address: str, scheme: str) -> None:
    context = browser.new_context(color_scheme=scheme)  # type: ignore[arg-type]  # the values above are its literals
    page = context.new_page()
    search = ("body", ".hit .meta", "mark", ".foot p", "button", ".tag", ".tag i")
    profile = (".party", ".kicker a", "dl.facts dt", "td.num", ".key li", "a.button.plain")
    for path, selectors in (("/search?q=cellebrite&lens=everything", search), ("/buyers/usg-dhs-ice", profile)):
        page.goto(address + path)
        for selector in selectors:
            assert page.locator(selector).count(), selector
            assert page.evaluate(CONTRAST, selector) >= 4.5, f"{scheme}: {selector}"
    context.close()


def test_pages_work_without_scripts(browser: "Browser", address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address + "/")
    page.fill("#q", "fivecast")
    with page.expect_navigation():
        page.press("#q", "Enter")
    assert page.locator(".hit").count() == 1
    with page.expect_navigation():
        page.click(".hit h3 a")
    assert "FIVECAST ONYX SUBSCRIPTION" in page.inner_text("h1")
    context.close()


def test_the_overviews_are_reached_and_narrowed_without_scripts(browser: "Browser", address: str) -> None:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 320, "height": 640})
    page = context.new_page()
    page.goto(address + "/")
    for link, heading in (
        ("nav >> text=Buyers", "Public bodies that buy"),
        ("main >> text=Immigration and Customs Enforcement", "Immigration and Customs Enforcement (ICE)"),
        ("main >> text=Cellebrite >> nth=0", "Cellebrite"),
        ("nav >> text=Technologies", "Technologies on the watchlist"),
        ("main >> text=Phone and device forensics >> nth=0", "Phone and device forensics"),
        ("main >> text=When its contracts end", "Which contracts end soon"),
    ):
        with page.expect_navigation():
            page.click(link)
        assert heading in page.inner_text("h1"), link
    assert page.input_value("#rt") == "device_forensics"
    page.fill("#rb", "ICE")
    with page.expect_navigation():
        page.click("main button")
    assert [chip.inner_text() for chip in page.locator(".chips a").all()] == [
        "Immigration and Customs Enforcement (ICE) ×", "Phone and device forensics ×",
    ]  # fmt: skip
    with page.expect_navigation():
        page.click(".chips a >> nth=0")
    assert page.input_value("#rb") == "" and page.input_value("#rt") == "device_forensics"
    context.close()


def test_what_an_alert_would_find_is_shown_while_the_question_is_written(page: "Page", address: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address + "/alerts/new?lens=everything")
    assert page.locator("#preview").is_hidden()
    page.fill("#address", "desk@example.org")
    page.fill("#query", "fivecast")
    page.wait_for_selector("#preview a")
    assert "Understood as fivecast" in page.inner_text("#preview")
    page.fill("#query", "fivecast AND (")
    page.wait_for_selector("#preview a", state="detached")
    assert "bracket" in page.inner_text("#preview")
    assert [url for url in asked if "/preview?" in url]
    assert not [url for url in asked if "desk" in url]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_form_of_alerts_has_contrast_and_a_label_at_every_field(
    browser: "Browser", address: str, scheme: str
) -> None:
    context = browser.new_context(color_scheme=scheme)  # type: ignore[arg-type]  # the values above are its literals
    page = context.new_page()
    page.goto(address + "/alerts/new?q=osint&lens=everything")
    for selector in ("legend", ".tick span", ".tick .soft", ".field label", "#query", ".preview p"):
        assert page.locator(selector).count(), selector
        assert page.evaluate(CONTRAST, selector) >= 4.5, f"{scheme}: {selector}"
    fields = "[...document.querySelectorAll('main input:not([type=hidden]), main select')]"
    assert page.evaluate(f"{fields}.filter(e => !e.labels.length).map(e => e.name)") == []
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map(e => e.id)")
    assert len(ids) == len(set(ids))
    context.close()


def test_a_citation_can_be_copied(page: "Page", address: str) -> None:
    page.goto(address + ORDER)
    assert page.locator("[data-copy] button").count() == 2


CUT_OFF = """() => [...document.querySelectorAll('main *')]
  .filter(e => e.clientWidth > 1 && (e.scrollWidth > e.clientWidth + 1 || e.getBoundingClientRect().right > 719))
  .map(e => `${e.tagName} ${e.className}: ${e.textContent.slice(0, 60)}`)"""
CONTRAST = """selector => {
  const parse = c => c.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => {
    const f = v => { v /= 255; return v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4 };
    return .2126 * f(r) + .7152 * f(g) + .0722 * f(b) };
  const element = document.querySelector(selector);
  let under = element, back = null;
  while (under && !back) { const c = parse(getComputedStyle(under).backgroundColor);
    if (c.length < 4 || c[3] > 0) back = c; under = under.parentElement }
  const a = light(parse(getComputedStyle(element).color)), b = light(back || [255, 255, 255]);
  return (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
}"""
