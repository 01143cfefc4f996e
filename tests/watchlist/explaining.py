"""Tags of a text, as the tests of the matcher ask for them."""

from watchlist.evidence import Tag
from watchlist.explain import notice_of
from watchlist.matcher import Matcher


def explain(matcher: Matcher, text: str, supplier: str = "") -> tuple[Tag, ...]:
    """Tags that a notice with this title, and this supplier if given, would get, with their evidence."""
    return matcher.tags(notice_of(text, supplier=supplier))
