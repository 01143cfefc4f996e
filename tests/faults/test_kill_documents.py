"""A crawl of documents killed at random points: what the next ones leave is what a crawl leaves that nobody disturbed.

NOTICEWATCH_KILLS says at how many points. Points are requests that come in and random
times, so that fetching, keeping and reading are all hit.
"""

import random
from collections import Counter
from pathlib import Path

import pytest

from archive.documents import answers, texts
from archive.store import Archive
from archive.warc import recorded
from tests.archive.documents import making
from tests.archive.documents.shelving import events, listing, opened
from tests.archive.making import open_archive
from tests.crawlers.documents.apart import crawl_apart, start
from tests.crawlers.wires import Asked, Told, Wires, http, wires
from tests.faults.scale import KILLS
from tests.waiting import PATIENCE

FILES = {f"/{number}.pdf": making.pdf([f"Document {number}"], ["Same page"]) for number in range(12)}
SECONDS = 4.0
"""About as long as a whole crawl of these files takes."""


def answer(asked: Asked) -> Told:
    return http(200, FILES[asked.target], ("Content-Type", "application/pdf")) if asked.target in FILES else http(404)


@pytest.mark.parametrize("number", range(KILLS))
def test_killed_crawls_of_documents_lose_and_double_nothing(number: int, tmp_path: Path) -> None:
    chance = random.Random(number)
    archive = open_archive(tmp_path / "home")
    with wires() as publisher:
        opened(archive)
        addresses = [publisher.address + path for path in FILES]
        listing(archive, *addresses[:6])
        listing(archive, *addresses[6:], number="N2", day=0.5)
        for _ in range(chance.choice((1, 2, 3))):
            killed(archive.folder, publisher, chance)
        publisher.answers = answer
        last = crawl_apart(archive.folder)
    assert last.verdict == "complete", f"seed {number}: {last}"
    check(archive, number)
    archive.close()


def killed(home: Path, publisher: Wires, chance: random.Random) -> None:
    if chance.random() < 0.5:
        at = chance.randint(1, len(FILES) + 1)
        begun = len(publisher.asked)

        def bend(asked: Asked) -> Told:
            if len(publisher.asked) - begun >= at:
                process.kill()
            return answer(asked)

        publisher.answers = bend
        process = start(home)
        process.join(PATIENCE)
    else:
        publisher.answers = answer
        process = start(home)
        process.join(chance.uniform(0, SECONDS))
    process.kill()
    process.join()


def check(archive: Archive, seed: int) -> None:
    """Each document is answered by its own bytes, read once, and told of once."""
    with archive.reading() as connection:
        held = answers.current(connection)
        read = texts.of(connection, [one.sha256 for one in held])
        assert texts.waiting(connection) == []
        said = {one.url.rpartition("/")[2]: [page.text for page in texts.pages(connection, read[one.sha256].number)]
                for one in held}  # fmt: skip
    assert said == {f"{number}.pdf": [f"Document {number}", "Same page"] for number in range(12)}, f"seed {seed}"
    told = Counter(path for name in ("N1", "N2") for event in events(archive, name) for path, _, _ in event.changed)
    assert told == Counter(f"documents.{one.url}" for one in held), f"seed {seed}"
    assert all(one.capture.id for one in recorded(archive.warc_folder))
