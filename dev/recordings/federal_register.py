"""Small recordings of Federal Register searches: ``python -m dev.recordings.federal_register SAMPLES``, once.

SAMPLES holds ``federal-register`` with the recorders' files; what is kept of them is in
tests/replays/federal_register/PROVENANCE.md. The starter archive's answers are made here too.
"""

import gzip
import json
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

from archive.warc import WarcWriter
from crawlers.source import source
from crawlers.sources.federal_register.spider import SCOPE, FederalRegisterSpider
from crawlers.spider import Window
from dev.rebuild import NO_SUMMARY, Recorder, every_day, write_answer

REPLAYS: Final = Path(__file__).parents[2] / "tests" / "replays" / "federal_register"
HARVEST: Final = "documents-abstracts-DHS-privacy-surveillance-derived.jsonl.gz"
SEARCH: Final = "documents-search-per_page5-2026-04.json"
HARVESTER: Final = Recorder(
    "ai-village-agents/deepseek-news, commit 1beafffe", datetime(2026, 2, 5, 12, tzinfo=UTC),
    f"Rebuilt from five facts a document that the harvester kept ({HARVEST}); the day after the newest stands for the "
    "time, not recorded. The request is noticewatch's own: the harvester asked otherwise, for other agencies too.",
)  # fmt: skip
SEARCHER: Final = Recorder(
    "calebwhite-io/monument-watch, commit 8586a99f", datetime(2026, 4, 22, 12, tzinfo=UTC),
    f"Rebuilt from a recorded answer ({SEARCH}) to another search: its documents stand here under their days, as the "
    "answers to noticewatch's own requests; hour not recorded.",
)  # fmt: skip
DERIVED: Final = "derived: number, title, date, abstract and link only"
CHOSEN: Final = "cut: only documents on homeland security, biometrics, social media, surveillance or systems of records"
FIVE: Final = "cut: only the documents of another search"
MADE: Final = " Count and pages are made for tests from the number of documents."
FIRST, LAST = date(2026, 1, 14), date(2026, 1, 17)
"""Days whose crawl is recorded with counts; the first has two pages, the last, a Saturday, no document."""

Document = Mapping[str, Any]


def build(samples: Path, folder: Path = REPLAYS) -> None:
    """Write the WARC files; one that is there already is an error."""
    harvested = read_documents(samples)
    chosen = [one for one in harvested if _tells(one)]
    with WarcWriter(folder, "", name="1-systems-of-records.warc.gz") as writer:
        write_derived(writer, chosen, [DERIVED, CHOSEN])
    with WarcWriter(folder, "", name="2-recorded-documents.warc.gz") as writer:
        _recorded(writer, samples)
    days = [one for one in harvested if FIRST.isoformat() <= one["publication_date"] <= LAST.isoformat()]
    with WarcWriter(folder, "", name="3-four-days-with-counts.warc.gz") as writer:
        _counted(writer, days)


def read_documents(samples: Path) -> list[Document]:
    """The harvested documents, in the members of the source."""
    lines = gzip.decompress((samples / "federal-register" / HARVEST).read_bytes()).splitlines()
    return [_document(json.loads(line)) for line in lines]


def write_derived(writer: WarcWriter, documents: Sequence[Document], gaps: Sequence[str]) -> int:
    """Write harvested documents as answers, one a day and without counts; gives how many answers."""
    by_day: dict[str, list[Document]] = defaultdict(list)
    for one in documents:
        by_day[one["publication_date"]].append(one)
    for day, held in sorted(by_day.items()):
        _write(writer, day, 1, {"results": held}, HARVESTER, gaps)
    return len(by_day)


def _document(kept: Mapping[str, str]) -> Document:
    abstract = None if kept["abstract"] == NO_SUMMARY else kept["abstract"]
    return {
        "document_number": kept["document_number"],
        "title": kept["title"],
        "abstract": abstract,
        "publication_date": kept["publication_date"],
        "html_url": kept["html_url"],
    }


def _tells(one: Document) -> bool:
    words = f"{one['title']} {one['abstract']}"
    return any(word in words for word in ("DHS/ICE-018", "FALCON", "ESTA", "social media", "license plate", "CBP One"))


def _recorded(writer: WarcWriter, samples: Path) -> None:
    answer = json.loads((samples / "federal-register" / SEARCH).read_bytes())
    for one in sorted(answer["results"], key=lambda found: str(found["publication_date"])):
        whole = {"description": "Documents", "count": 1, "total_pages": 1, "results": [one]}
        said = replace(SEARCHER, note=SEARCHER.note + MADE)
        _write(writer, one["publication_date"], 1, whole, said, [FIVE])


def _counted(writer: WarcWriter, documents: Sequence[Document]) -> None:
    said = replace(HARVESTER, note=HARVESTER.note + MADE)
    for day in map(str, every_day(FIRST, LAST)):
        held = [one for one in documents if one["publication_date"] == day]
        for page, whole in _pages(held, 2 if day == str(FIRST) else 1):
            _write(writer, day, page, whole, said, [DERIVED, CHOSEN])


def _pages(held: Sequence[Document], pages: int) -> Iterator[tuple[int, dict[str, Any]]]:
    size = max(-(-len(held) // pages), 1)
    for page in range(1, pages + 1):
        whole: dict[str, Any] = {"description": "Documents", "count": len(held)}
        if held:
            whole["total_pages"] = pages
            if page < pages:
                whole["next_page_url"] = f"https://www.federalregister.gov/api/v1/documents?format=json&page={page + 1}"
            whole["results"] = held[(page - 1) * size : page * size]
        yield page, whole


def _write(
    writer: WarcWriter, day: str, page: int, whole: Mapping[str, Any], recorder: Recorder, gaps: Sequence[str]
) -> None:
    spider = FederalRegisterSpider(source("federal_register"))
    request = spider.page_request(Window(SCOPE, day, day, day), page)
    payload = json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode()
    write_answer(writer, spider.name, request, payload, "application/json", recorder, gaps)


if __name__ == "__main__":
    build(Path(sys.argv[1]))
