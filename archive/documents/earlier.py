"""What stood in a document before another file answered for it."""

from collections.abc import Collection, Mapping

from sqlalchemy import Connection, select

from archive.documents import texts
from archive.documents.tables import document_answers, documents
from archive.withheld import of_files
from noticewatch.database import chunks


def texts_before(connection: Connection, notices: Collection[int]) -> dict[int, dict[str, list[str]]]:
    """By notice and hash of a file: the texts of the pages of the file that answered for the same document before it.
    Files that were not read, or are withheld, are left out.
    """
    pairs = _pairs(connection, sorted(notices))
    hashes = {before for held in pairs.values() for before in held.values()}
    stones = of_files(connection, hashes) if hashes else {}
    read = {sha256: text for sha256, text in texts.of(connection, hashes).items() if sha256 not in stones}
    pages = {sha256: [page.text for page in texts.pages(connection, text.number)] for sha256, text in read.items()}
    return {notice: _known(held, pages) for notice, held in pairs.items()}


def _known(held: Mapping[str, str], pages: Mapping[str, list[str]]) -> dict[str, list[str]]:
    return {after: pages[before] for after, before in held.items() if before in pages}


def _pairs(connection: Connection, notices: list[int]) -> dict[int, dict[str, str]]:
    """By notice: hash of each file that took the place of another, and the hash of that one."""
    d, a = documents.c, document_answers.c
    query = select(d.notice, a.document, a.sha256).join(document_answers, a.document == d.number)
    found: dict[int, dict[str, str]] = {}
    last: dict[int, str] = {}
    for chunk in chunks(notices):
        some = query.where(d.notice.in_(chunk), a.sha256.is_not(None))
        for notice, document, sha256 in connection.execute(some.order_by(a.document, a.asked_at, a.number)):
            before = last.get(document, sha256)
            last[document] = sha256
            if before != sha256:
                found.setdefault(notice, {})[sha256] = before
    return found
