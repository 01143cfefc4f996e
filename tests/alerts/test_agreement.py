"""An alert finds of what is new exactly what a search finds of it afterwards."""

from decimal import Decimal
from pathlib import Path

import pytest

from archive.queries import notices
from archive.readers import drive
from archive.store import Archive
from indexer.embedded import EmbeddedEngine
from indexer.search import Search
from indexer.sync import IndexReader
from tests.alerts.making import crawl, follow, notices_found, opened, save
from tests.archive.making import WHOLE, reading, title
from tests.dictionary import matcher

pytestmark = [pytest.mark.both_databases, pytest.mark.sqlite_suffices]

BOTH = ("alert", "review")
ASKED = [
    {"query": "drone"}, {"query": "drone OR camera"}, {"query": '"license plate"'}, {"query": "licence plates"},
    {"query": "-camera"}, {"query": '"plate reader"~2'}, {"query": "surveil*"}, {"query": "LPR"},
    {"query": "title:camera NOT drone"}, {"query": "70CMSD23FR0000145"}, {"query": "number:70CMSD23FR*"},
    {"query": "amount:>1000"}, {"query": "dated:2026"}, {"query": "is:open"}, {"query": "has:amount -plate"},
    {"query": "", "lens": "watchlist", "tiers": BOTH}, {"query": "license", "lens": "watchlist", "tiers": BOTH},
    {"query": "vendor:cellebrite"}, {"query": "", "filters": {"kind": ("award", "order")}},
    {"query": "camera", "filters": {"buyer": ("ICE",)}}, {"query": "drone", "amount_min": Decimal(300)},
]  # fmt: skip


def news() -> list[object]:
    texts = (
        "a drone", "camera drones", "license plate readers", "licence-plate reader", "body cameras", "surveillance",
        "LPR", "Cellebrite UFED licences", "reader of a plate", "paper",
    )  # fmt: skip
    found = []
    for number, text in enumerate(texts):
        piid = f"70CMSD23FR000014{number}"
        for kind in ("award", "solicitation"):
            more = {
                "dates": [{"role": "posted", "value": f"{2025 + number % 2}-05-01"}],
                "amounts": [{"kind": "awarded", "basis": "state", "value": f"{number * 400}.00", "currency": "USD"}],
                "numbers": [{"type": "piid", "printed": piid, "plain": piid}],
                "status": "open" if kind == "solicitation" else "awarded",
                "buyers": [{"role": "contracting", "name": "ICE", "buyer_id": "usg-dhs-ice"}] if number % 3 else [],
            }  # fmt: skip
            carried = WHOLE | {"buyers"}
            found.append(reading(f"{kind}{number}", title(text, **more) | {"kind": kind}, carried=carried))
    return found


def test_alerts_and_search_find_the_same(archive: Archive, tmp_path: Path) -> None:
    opened(archive)
    saved = [save(archive, **asked) for asked in ASKED]
    crawl(archive, *news(), late_after=10_000)  # type: ignore[arg-type]  # readings
    follow(archive)
    engine = EmbeddedEngine(tmp_path / "index")
    drive(archive, [IndexReader(engine)])
    search = Search(archive, engine, matcher().dictionary)
    sizes = []
    for one in saved:
        hits = search.search(one.terms.request).hits
        with archive.reading() as connection:
            expected = sorted(row.id.partition(":")[2] for row in notices(connection, hits).values())
        assert sorted(notices_found(archive, one)) == expected, one.terms
        sizes.append(len(expected))
    engine.close()
    assert min(sizes) > 0, [one.terms.query for one, size in zip(saved, sizes, strict=True) if not size]
