"""Why a text would be on the watchlist: the matcher's answer for a text that nobody has archived."""

from noticewatch.models import Kind, Notice, Party, Text
from watchlist.matcher import Matcher, Tag


def explain(matcher: Matcher, text: str, supplier: str | None = None) -> tuple[Tag, ...]:
    """Tags that a notice with this title, and this supplier if given, would get, with their evidence."""
    parties = (Party(role="supplier", name=supplier),) if supplier else ()
    return matcher.tags(Notice(kind=Kind.OTHER, title=(Text(text=text),), parties=parties))
