"""What a message says, in each of its forms, and that no text of a source can make it say or do anything else."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from html.parser import HTMLParser
from itertools import pairwise

import orjson
import pytest

from alerts.brief import brief_of
from alerts.channels.mail import mail_of
from alerts.cleaning import columns, one_line
from alerts.message import payload, payload_bytes, rendered
from alerts.models import Message, Reason, Rhythm, Word
from alerts.plain import WIDTH
from archive.withheld import Tombstone
from noticewatch.models import EventKind
from tests.alerts.telling import BASE, FIVECAST, SENDER, TENDER, TOKEN, find_of, message_of, with_content

HOSTILE = "us-action:7014:70B03C26P00000666:0"

HOSTILE_TEXTS = (
    "Line one\r\nBcc: everyone@example.org\r\n\r\nA body of its own",
    "Nul \x00 bell \x07 escape \x1b[31m red, form feed \x0c, next line \x85, separator \u2028 end",
    "Right-to-left \u202egnp.exe\u202c isolate \u2066x\u2069 mark \u200f and \ufeff",
    '<script>alert(1)</script><img src="https://evil.example/p.gif"><a href="javascript:alert(2)">x</a>',
    "</bdi></p></div><style>*{display:none}</style>{{ 7*7 }}{% include 'x' %}<!--",
    "A" * 5000,
    "漢字" * 800,
    "e\u0301\u0301" * 900,
    "lone surrogate \ud800 and noncharacter \uffff",
    "https://evil.example/" + "a" * 500,
)

CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\u200e\u200f\ufeff\ud800-\udfff]")


class Markup(HTMLParser):
    """Tags and attributes of a page, and the addresses it names."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}
        self.addresses += [value or "" for name, value in attrs if name in {"href", "src", "action", "background"}]

    def handle_data(self, data):
        self.text += data


def lines_of(message: Message) -> list[str]:
    return rendered(message).text.splitlines()


def too_wide(message: Message) -> list[str]:
    """Lines of the text that a terminal of 76 columns breaks, addresses of ours apart."""
    return [line for line in lines_of(message) if columns(line) > WIDTH and not line.strip().startswith(BASE)]


def test_a_message_says_what_is_new_and_why(tender):
    text = rendered(message_of([tender])).text
    for said in (
        "Specialized OSINT Tools IDIQ", "Solicitation, deadline moved and amended",
        "Buyer   FEDERAL BUREAU OF INVESTIGATION", "Amount  not stated", "Due     10 April 2026, 14:00 (UTC−04:00)",
        "Sent because it was changed", "Responses due (+7 days): [-3 April 2026", "[-Multiple-][+single+]",
        "title: Specialized [OSINT] Tools IDIQ", "Open-source and publicly available information tools: strong match",
        f"{BASE}/notices/{TENDER}/versions/2\n", f"{BASE}/notices/{TENDER}/diff?from=1&to=2\n",
        f"{BASE}/api/v1/captures/{tender.version.capture_id}/records/0\n", f"{BASE}/alerts/batches/b1\n",
        f"{BASE}/alerts/{TOKEN}\n", f"{BASE}/alerts/unsubscribe/u1\n", "everything: social media AND buyer:ICE",
    ):  # fmt: skip
        assert said in text, said


def test_an_order_names_its_seller_its_maker_and_what_kind_of_sum_it_is(finds):
    text = re.sub(r"\n {4}", " ", rendered(message_of([find_of(finds, FIVECAST)])).text)
    assert "Seller  PANAMERICA COMPUTERS, INC. → Fivecast (maker)" in text
    assert "Amount  $1,342,810.50 (obligated, this action only)" in text
    assert "title: [FIVECAST ONYX] SUBSCRIPTION (Fivecast ONYX is listed as a product of Fivecast" in text


def test_a_forecast_states_its_estimate_as_the_range_that_it_is(finds):
    for ends, said in (
        ({"minimum": "1000000", "maximum": "2000000"}, "$1,000,000 to $2,000,000"),
        ({"minimum": "100000000"}, "at least $100,000,000"),
        ({"maximum": "250000"}, "up to $250,000"),
    ):
        estimate = {"kind": "estimate", "basis": "plan", "currency": "USD"} | ends
        made = message_of([with_content(find_of(finds, FIVECAST), amounts=[estimate])])
        assert f"Amount  {said} (estimate, planned)" in re.sub(r"\n {4}", " ", rendered(made).text)
        assert payload(made)["data"]["groups"][0]["finds"][0]["amount"] == estimate | {"of": "award"}


def test_html_says_everything_that_the_text_says(tender, finds):
    made = rendered(message_of([tender], [find_of(finds, FIVECAST)]))
    shown = re.sub(r"\s+", "", Markup(made.html).text)
    for line in made.text.splitlines():
        words = re.sub(r"\[[-+]?|[-+]?\]|^[ !-]+", "", line.strip())
        if words and not words.startswith((BASE, "=", "-")) and not words.isupper():
            assert re.sub(r"\s+|:$", "", words) in shown, line


def test_the_document_and_page_where_a_word_stands_are_named(tender):
    word = Word("document", "Statement of work, page 3", (("for ", False), ("OSINT", True), (" tools", False)))
    made = rendered(message_of([replace(tender, words=(word,))]))
    assert "Statement of work, page 3: for [OSINT] tools" in made.text
    assert "Statement of work, page 3" in made.html


def test_a_late_thing_is_called_late_and_words_that_went_are_called_gone(tender):
    late = replace(tender, event=replace(tender.event, late=True), crossing="left")
    for form in (rendered(message_of([late])).text, rendered(message_of([late])).html, brief_of(message_of([late]))[1]):
        said = re.sub(r"\s+", " ", form)
        assert "Late: it was first seen here long after its day." in said
        assert "The words are gone: since this version the notice no longer matches this search." in said
    assert payload(message_of([late]))["data"]["groups"][0]["finds"][0]["crossing"] == "left"
    assert "Late:" not in rendered(message_of([tender])).text


def test_a_deadline_that_is_near_says_how_near(tender):
    event = replace(tender.event, kinds=(EventKind.DUE_SOON,), changed=(("due_in_days", None, 7),))
    made = rendered(message_of([replace(tender, event=event, reasons=(Reason.DUE_SOON,))]))
    assert made.subject == "ICE and social media: solicitation, deadline near: Specialized OSINT Tools IDIQ"
    assert "! The deadline is near: 7 days or less were left when this was noted." in made.text
    assert "Due     10 April 2026, 14:00 (UTC−04:00)" in made.text
    assert "What is new" not in made.text


def test_a_change_that_makes_a_notice_match_says_since_when(tender):
    assert "Sent because it was changed; it matches since this version" in (
        rendered(message_of([replace(tender, crossing="entered")])).text
    )


def test_what_was_taken_down_is_not_told(tender):
    stone = Tombstone(3, "holds a private address", datetime(2026, 4, 26, tzinfo=UTC), whole=True)
    gone = replace(tender, notice=replace(tender.notice, tombstone=stone))
    message = message_of([gone])
    made = rendered(message)
    for form in (made.subject, made.text, made.html, payload_bytes(message).decode(), " ".join(brief_of(message))):
        assert "OSINT Tools" not in form
        assert "Multiple" not in form
    assert "Taken down 26 April 2026: holds a private address." in made.text


def test_a_digest_is_grouped_by_buyer_in_order_of_importance_and_says_the_true_total(finds):
    groups = [[find] for find in finds if find.notice.source == "usaspending_transactions"]
    message = message_of(*groups[:3], *groups[-1:], *groups[3:-1], total=134, rhythm=Rhythm.DAILY)
    lines = lines_of(message)
    heads = [line for line, under in pairwise(lines) if under and set(under) == {"="}]
    assert heads == ["IMMIGRATION AND CUSTOMS ENFORCEMENT (ICE)", "CUSTOMS AND BORDER PROTECTION (CBP)"]
    assert "Your daily digest: 134 contracts and notices." in lines
    assert "Shown are the 8 most important of 134; the link below shows all of them." in lines
    assert rendered(message).subject == "ICE and social media: 134 contracts and notices"


def test_a_digest_of_very_much_stays_readable_and_says_how_much_there_is(finds):
    many = [[find_of(finds, FIVECAST)] for _ in range(400)]
    message = message_of(*many, rhythm=Rhythm.WEEKLY)
    assert "Shown are the 20 most important of 400; the link below shows all of them." in lines_of(message)
    assert rendered(message).text.count("versions/1") == 20
    assert payload(message)["data"]["total"] == 400
    assert 0 < payload(message)["data"]["shown"] < 20


def test_one_contract_is_one_entry_with_its_latest_news_first(finds):
    chain = [find for find in finds if ":70CMSD23FR0000145:" in find.notice.id]
    text = rendered(message_of(chain)).text
    assert text.index("P00002/versions/1") < text.index("P00001/versions/1") < text.index(":0/versions/1")
    assert (
        "Earlier news of the same contract that is not shown here: 4."
        in rendered(message_of([*chain, *chain, chain[0]])).text
    )


def test_a_test_message_says_that_it_is_one():
    message = message_of(test=True, total=0)
    assert rendered(message).subject == "Test of “ICE and social media”"
    assert "This is a test" in rendered(message).text
    assert payload(message)["type"] == "search.test"
    assert "test" in brief_of(message)[1]
    assert "as an example" not in rendered(message).text


def test_a_test_message_says_that_what_it_shows_is_an_example_and_no_news(tender):
    message = rendered(message_of([tender], test=True))
    example = "nothing new was found. What follows was found and told before, and stands here as an example."
    held = rendered(message_of([tender], test=True, total=0))
    newest = "What follows is the newest notice held that matches, and stands here as an example."
    for said, lead in ((message.text, example), (message.html, example), (held.text, newest), (held.html, newest)):
        assert lead in " ".join(said.split())


def test_an_owner_is_told_what_else_there_is_to_know(tender):
    note = "Messages to hooks.example have failed for 72 hours; that target is paused."
    alone, beside = message_of(note=note), message_of([tender], note=note)
    assert rendered(alone).subject == f"ICE and social media: {note}"
    for message in (alone, beside):
        for form in (rendered(message).text, rendered(message).html, brief_of(message)[1], str(payload(message))):
            assert note in re.sub(r"\s+", " ", form)
    assert payload(alone)["type"] == "search.note"
    assert payload(beside)["type"] == "search.found"
    assert "contracts and notices" not in rendered(alone).text


def test_an_address_is_confirmed_by_a_mail_with_no_word_of_whoever_asked_for_it():
    link = f"{BASE}/alerts/confirm/{'c' * 80}"
    message = message_of(confirm_url=link, name="Buy cheap pills", understood="pills", note="pills")
    made = rendered(message)
    assert made.subject == "Please confirm your alerts"
    assert f"\n{link}\n" in made.text
    assert Markup(made.html).addresses == [link, message.unsubscribe_url]
    assert "do nothing" in made.text
    for form in (made.subject, made.text, made.html):
        assert "pills" not in form
        assert TOKEN not in form


def test_what_changed_is_shown_however_much_of_it_stayed(tender):
    files = [
        {"url": f"https://sam.example/files/{number}", "title": f"Attachment {number}.pdf"} for number in range(90)
    ]
    added = {"url": "https://sam.example/files/new", "title": "Questions and answers.pdf"}
    words = " ".join(f"word{number}" for number in range(900))
    event = replace(tender.event, changed=(
        ("documents", files, [*files, added]),
        ("description", [{"text": words}], [{"text": words.replace("word450", "another")}]),
    ))  # fmt: skip
    text = re.sub(r"\s+", " ", rendered(message_of([replace(tender, event=event)])).text)
    assert "[+https://sam.example/files/new, Questions and answers.pdf+]" in text
    assert "word449 [-word450-][+another+] word451" in text
    assert "Attachment 3.pdf" not in text


def test_words_that_went_are_those_of_the_version_before(tender):
    assert "Words that matched before" in rendered(message_of([replace(tender, crossing="left")])).text


def test_long_changes_are_cut_and_say_so(tender):
    long = " ".join(f"word{number}" for number in range(3000))
    told = replace(tender.event, changed=(("description", [{"text": long}], [{"text": long[::-1]}]),))
    text = rendered(message_of([replace(tender, event=told)])).text
    assert len(text) < 6_000
    assert "…" in text


@pytest.mark.parametrize("hostile", HOSTILE_TEXTS, ids=range(len(HOSTILE_TEXTS)))
def test_no_text_of_a_source_becomes_a_header_a_line_or_markup(tender, hostile):
    told = with_content(
        tender, title=[{"text": hostile}], description=[{"text": hostile}],
        parties=[{"role": "supplier", "name": hostile}], buyers=[{"role": "contracting", "name": hostile}],
        event={"changed": (("title", [{"text": "old"}], [{"text": hostile}]), (hostile, "a", hostile))},
    )  # fmt: skip
    word = Word("document", hostile, ((hostile, True), (hostile, False)))
    message = message_of([replace(told, words=(word,))], name=hostile, understood=hostile)
    made = rendered(message)
    honest = Markup(rendered(message_of([tender])).html)
    markup = Markup(made.html)
    assert set(markup.tags) <= set(honest.tags) | {"mark", "ins", "del"}
    assert markup.attributes == honest.attributes
    assert all(address.startswith(f"{BASE}/") for address in markup.addresses)
    assert "Bcc" not in message_from_bytes(bytes(mail_of(message, "desk@example.org", SENDER)))
    assert too_wide(message) == []
    for form in (
        made.subject,
        made.text.replace("\n", ""),
        re.sub(r"\n", "", made.html),
        *map(one_line, brief_of(message)),
    ):
        assert not CONTROLS.search(form)
    assert orjson.loads(payload_bytes(message))["data"]["groups"]


def test_no_line_of_the_text_is_wider_than_a_terminal(tender, finds):
    groups = [[find] for find in finds]
    assert too_wide(message_of(*groups, rhythm=Rhythm.DAILY)) == []


def test_html_loads_nothing_and_follows_light_and_dark(tender):
    html = rendered(message_of([tender])).html
    markup = Markup(html)
    assert not {"img", "script", "link", "iframe", "form", "object", "video", "audio"} & set(markup.tags)
    assert not re.search(r"@import|url\(|\ssrc=|\sbackground=|\son[a-z]+=", html)
    assert "prefers-color-scheme: dark" in html
    assert '<meta name="viewport" content="width=device-width, initial-scale=1">' in html


def test_private_links_are_for_the_mail_of_the_owner_alone(tender):
    message = message_of([tender])
    for form in (payload_bytes(message).decode(), " ".join(brief_of(message))):
        assert TOKEN not in form
        assert "unsubscribe" not in form
