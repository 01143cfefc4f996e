"""Addresses of everything that has a page or an answer. Identifiers are percent-encoded; colons stay readable."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from urllib.parse import quote, urlencode

API = "/api/v1"
MOST_NUMBER = 2**53
"""The largest number in an address: what every reader of JSON can hold."""


@lru_cache(maxsize=1_024)  # a page or a history names few identifiers many times
def escaped(identifier: str) -> str:
    """An identifier as one path segment: colons stay, slashes and spaces are encoded."""
    return quote(identifier, safe=":-._~")


def notice(notice_id: str) -> str:
    """A notice's page."""
    return f"/notices/{escaped(notice_id)}"


def version(notice_id: str, number: int) -> str:
    """The permanent address of one version of a notice."""
    return f"{notice(notice_id)}/versions/{number}"


def version_asked(notice_id: str, number: str) -> str:
    """The permanent address of a version asked for by ``?version=``, whatever stands there."""
    return f"{notice(notice_id)}/versions/{escaped(number or '0')}"


def notice_api(notice_id: str) -> str:
    """A notice in JSON."""
    return f"{API}/notices/{escaped(notice_id)}"


def related(notice_id: str) -> str:
    """What a notice's procurement is linked to, in JSON."""
    return f"{notice_api(notice_id)}/related"


def diff(notice_id: str, before: int, after: int, *, api: bool = False) -> str:
    """The difference of two versions of a notice: its page, or its JSON form."""
    return f"{notice_api(notice_id) if api else notice(notice_id)}/diff?from={before}&to={after}"


def documents(notice_id: str) -> str:
    """The documents of a notice, in JSON."""
    return f"{notice_api(notice_id)}/documents"


def document_pages(notice_id: str, number: int) -> str:
    """The text of a document of a notice page by page, in JSON."""
    return f"{documents(notice_id)}/{number}/pages"


def document_files(notice_id: str, number: int) -> str:
    """The files that have answered a document of a notice, in JSON."""
    return f"{documents(notice_id)}/{number}/files"


def capture(capture_id: str) -> str:
    """What the archive knows about one capture, in JSON."""
    return f"{API}/captures/{escaped(capture_id)}"


def record(capture_id: str, row: int) -> str:
    """The archived bytes of one record."""
    return f"{capture(capture_id)}/records/{row}"


def proof(capture_id: str) -> str:
    """The proof that a capture is in the log."""
    return f"{API}/proofs/inclusion?{urlencode({'capture': capture_id})}"


def evidence(notice_id: str, version: int | None = None, *, procurement: bool = False) -> str:
    """The evidence pack of a notice, of one version of it, or of its procurement."""
    asked = "" if version is None else f"?version={version}"
    asked = "?scope=procurement" if procurement else asked
    return f"{notice_api(notice_id)}/evidence{asked}"


def correction(number: int) -> str:
    """An entry of the log of corrections."""
    return f"/corrections?before={number + 1}#c{number}"


def vendor(vendor_id: str) -> str:
    """A vendor's page."""
    return f"/vendors/{escaped(vendor_id)}"


def technology(technology_id: str) -> str:
    """A technology's page."""
    return f"/technologies/{escaped(technology_id)}"


def buyer(buyer_id: str) -> str:
    """A public body's page."""
    return f"/buyers/{escaped(buyer_id)}"


def alerts_new(parameters: Mapping[str, str | Sequence[str]]) -> str:
    """Where a search is saved."""
    return search(parameters, "/alerts/new")


def alert_manage(token: str) -> str:
    """The private page of a saved search. Whoever has it can change and delete the search."""
    return f"/alerts/manage/{escaped(token)}"


def alert_confirm(token: str) -> str:
    """Where the owner of a mail address confirms that messages are wanted."""
    return f"/alerts/confirm/{escaped(token)}"


def alert_unsubscribe(token: str) -> str:
    """What ends the messages to one target (RFC 8058)."""
    return f"/alerts/unsubscribe/{escaped(token)}"


def alert_replay(delivery_id: str) -> str:
    """Exactly what one message told. It stands in webhooks and chat rooms, so it gives no power over the search."""
    return f"/alerts/replay/{escaped(delivery_id)}"


def saved_search_api(token: str) -> str:
    """A saved search in JSON, by the token of its private link."""
    return f"{API}/searches/{escaped(token)}"


def search(parameters: Mapping[str, str | Sequence[str]], path: str = "/search") -> str:
    """A search with these parameters; empty ones are left out."""
    kept = {name: value for name, value in parameters.items() if value}
    return f"{path}?{urlencode(kept, doseq=True)}" if kept else path
