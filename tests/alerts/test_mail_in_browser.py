"""The HTML of a mail in a real browser: narrow, dark, asking nobody, and with hostile texts in it."""

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from alerts.message import rendered
from alerts.models import Find, Message, Rhythm, Word
from tests.alerts.telling import find_of, message_of, with_content

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

HOSTILE = (
    '<img src="https://evil.example/p.gif" onerror="alert(1)"><script>alert(2)</script><style>*{display:none}</style>'
    f'<iframe src="https://evil.example/"></iframe> {"A" * 900} {"漢字" * 300} \u202egnp.exe'
)


@pytest.fixture
def message(finds: list[Find]) -> Message:
    tender = find_of(finds, "sam:f4ce3f0421184c4bb6ed5aa8d7dbc24d", 2)
    told = with_content(tender, title=[{"text": HOSTILE}], parties=[{"role": "supplier", "name": HOSTILE}])
    hostile = replace(told, words=(Word("document", HOSTILE, ((HOSTILE, True),)),))
    return message_of([hostile], *[[find] for find in finds], rhythm=Rhythm.DAILY, name=HOSTILE, understood=HOSTILE)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_mail_fits_a_phone_asks_nobody_and_follows_light_and_dark(
    browser: "Browser", message: Message, scheme: str
) -> None:
    context = browser.new_context(viewport={"width": 320, "height": 640}, color_scheme=scheme)  # type: ignore[arg-type]
    page = context.new_page()
    asked: list[str] = []
    faults: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("dialog", lambda dialog: faults.append(f"a script ran: {dialog.message}"))
    page.set_content(rendered(message).html)
    assert (asked, faults) == ([], [])
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert page.locator("h3").count() == len(message.groups)
    assert page.locator("h3").first.is_visible()
    assert page.locator("img, script, iframe").count() == 0
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert paper == ("rgb(251, 250, 247)" if scheme == "light" else "rgb(21, 23, 26)")
    context.close()
