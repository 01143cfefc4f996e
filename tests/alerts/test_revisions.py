"""Of many saved searches only those are looked at whose words meet in a notice of the batch."""

import pytest

from alerts import searches
from alerts.revisions import Revisions
from archive.store import Archive
from indexer.documents import Document
from indexer.sieve import Sieve
from tests.alerts.making import names, save

pytestmark = [pytest.mark.both_databases, pytest.mark.sqlite_suffices]


def holding(place: int, text: str, **codes: tuple[str, ...]) -> Document:
    return Document(f"n{place}", ("notice",), place, {"all_exact": text, "all_stemmed": text}, codes, {})


BATCH = Sieve([
    holding(0, "drone for the coast", buyer=("usg-dhs-ice",)),
    holding(1, "camera with a plate"),
    holding(2, "plate of the coast", technology=("lpr",)),
])  # fmt: skip


def looked_at(archive: Archive, revisions: Revisions) -> list[int]:
    with archive.reading() as connection:
        revisions.refresh(connection, 0)
    return [one.search for one in revisions.candidates(BATCH)]


def test_a_search_is_looked_at_where_two_things_that_it_asks_for_stand_in_one_notice(archive: Archive) -> None:
    wanted = [
        save(archive, "drone coast"), save(archive, '"plate of the"'), save(archive, "(drone OR tank) coast"),
        save(archive, "drone", filters={"buyer": ("ICE",)}), save(archive, "", filters={"technology": ("lpr",)}),
        save(archive, "plat*"), save(archive, "-drone"),
    ]  # fmt: skip
    for query in ("drone plate", '"camera coast"', "(drone OR tank) plate", "tank", "number:70CMSD23FR0000145"):
        save(archive, query)
    save(archive, "camera", filters={"buyer": ("ICE",)})
    save(archive, "drone", filters={"technology": ("lpr",)})
    assert looked_at(archive, Revisions(names())) == [one.number for one in wanted]


def test_a_search_that_is_over_is_looked_at_no_more(archive: Archive) -> None:

    revisions = Revisions(names())
    first, second, third = (save(archive, query) for query in ("drone coast", "drone coast", "-drone"))
    assert looked_at(archive, revisions) == [first.number, second.number, third.number]
    with archive.writing() as connection:
        searches.remove(connection, [first.number, third.number])
    assert looked_at(archive, revisions) == [second.number]
    with archive.writing() as connection:
        searches.remove(connection, [second.number])
    assert looked_at(archive, revisions) == []
    assert len(revisions) == 0
