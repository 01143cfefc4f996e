"""An archive that grows in steps, and what it answers."""

from dataclasses import replace

from archive.joins import Joiner
from archive.readers import drive
from archive.store import Archive
from indexer.engine import Searching
from indexer.requests import SearchRequest
from indexer.search import Search
from indexer.sync import IndexReader
from tests.archive.making import append, reading, title
from watchlist.dictionary import Dictionary
from watchlist.matcher import Matcher
from watchlist.tagger import Tagger

WORDS = SearchRequest(lens="everything", scope="notice", limit=200)


def follow(archive: Archive, engine: Searching, dictionary: Dictionary) -> None:
    drive(archive, [Joiner(), Tagger(Matcher(dictionary)), IndexReader(engine)])


def award(piid: str, modification: str, text: str, day: str) -> object:
    return reading(
        f"{piid}:{modification}",
        title(
            text, description=[{"text": f"{text} {modification}"}],
            numbers=[
                {"type": "piid", "printed": piid, "plain": piid, "issuer": "7012"},
                {"type": "modification", "printed": modification, "plain": modification},
            ],
            dates=[{"role": "signed", "value": day}],
            amounts=[{"kind": "obligated", "basis": "change", "value": "10", "currency": "USD", "of": "action"}],
        ),
    )  # fmt: skip


def answers(archive: Archive, engine: Searching, dictionary: Dictionary) -> list[object]:
    search = Search(archive, engine, dictionary)
    found = []
    for query in ("", "camera", "drone OR camera", "-camera", '"license plate"', "dated:2024", "amount:>10"):
        for scope in ("notice", "procurement"):
            for sort in ("dated", "found", "amount", "due"):
                answer = search.search(replace(WORDS, query=query, scope=scope, sort=sort))
                found.append((query, scope, sort, answer.hits, answer.total, answer.facets))
    return found


def grow(archive: Archive, engine: Searching, dictionary: Dictionary) -> None:
    """A history in several steps: new notices, further actions, amendments."""
    append(archive, [award("70CMSD23FR0000145", "0", "camera", "2023-09-05"), reading("A", "drone"),
                     reading("B", "license plate reader")])  # fmt: skip
    follow(archive, engine, dictionary)
    append(
        archive,
        [award("70CMSD23FR0000145", "P00001", "camera upgrade", "2024-02-15"), reading("A", "Cellebrite")],
        day=1,
    )
    follow(archive, engine, dictionary)
    append(archive, [award("70CMSD23FR0000145", "P00002", "more", "2024-07-15"), reading("B", "desk")], day=2)
    append(archive, [reading("C", "camera")], day=3)
    follow(archive, engine, dictionary)
