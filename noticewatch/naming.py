"""What a notice, a public body and its parties are called wherever they are told of. Pure functions."""

from noticewatch import words
from noticewatch.buyers import buyers
from noticewatch.models import Buyer, Notice


def title(notice: Notice, notice_id: str) -> str:
    """The title, else the first line of the description, else the id."""
    for texts in (notice.title, notice.description):
        if texts and texts[0].text.strip():
            return shortened(texts[0].text.strip(), 300)
    return notice_id


def shortened(text: str, most: int) -> str:
    """The text, cut at a word with an ellipsis where it is longer than ``most`` characters."""
    if len(text) <= most:
        return text
    cut = text[:most]
    return (cut[: cut.rfind(" ")] if " " in cut[most // 2 :] else cut).rstrip(" ,;:") + " …"


def buyer_name(notice: Notice) -> str:
    """The contracting body as printed, else by its code, else any body that is named, else ``not stated``."""
    buyer = notice.buyer() or next(iter(notice.buyers), None)
    return body_name(buyer) if buyer else words.NOT_STATED


def body_name(buyer: Buyer) -> str:
    """A body's name as printed; where only a code is printed, the name that the buyers table has for it."""
    entry = buyers().get(buyer.buyer_id) if buyer.buyer_id else None
    return buyer.name or (entry.short_name if entry else words.NOT_STATED)


def buyer_id(notice: Notice) -> str | None:
    """The id of the body that :func:`buyer_name` names; None where the buyers table does not have it."""
    buyer = notice.buyer() or next(iter(notice.buyers), None)
    return buyer.buyer_id if buyer and buyer.buyer_id in buyers() else None


def party_names(notice: Notice, *roles: str) -> list[str]:
    """Names of the parties of some roles, each once, as printed."""
    return list(dict.fromkeys(party.name for party in notice.parties if party.role in roles))
