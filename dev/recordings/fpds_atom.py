"""Recordings of FPDS feeds that others kept: ``python -m dev.recordings.fpds_atom SAMPLES``, once.

SAMPLES holds ``fpds-atom`` with the recorders' files; what is kept of them is in tests/replays/fpds_atom/PROVENANCE.md.
Payloads are as recorded. Where the address asked was not recorded, it is taken from the feed's own links.
"""

import base64
import gzip
import re
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from w3lib.url import safe_url_string

from archive.warc import WarcWriter
from crawlers.spider import PlannedRequest
from dev.rebuild import Recorder, write_answer

REPLAYS: Final = Path(__file__).parents[2] / "tests" / "replays" / "fpds_atom"
FEED: Final = "https://www.fpds.gov/ezsearch/FEEDS/ATOM"
NEXT: Final = "cut: only the first page of the feed was recorded"
_EXCHANGE: Final = re.compile(rb"uri: (\S+/ezsearch/\S+).*?string: !!binary \|\n(.*?)\n {4,8}headers:", re.DOTALL)
"""In a recorded cassette: the address after the redirect, and its answer in base64."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A recorded page: name of its WARC file, the recorder's file, the address asked, empty where a cassette has it."""

    name: str
    file: str
    address: str
    recorder: str
    at: datetime
    note: str
    gaps: tuple[str, ...] = ()


_DAY: Final = "The day stands for a year that the repository gives; the address is that of the feed's own links."
_OPEN_FPDS: Final = "vzvenyach/open-fpds, commit ca792d88"
PAGES: Final = (
    Kept(
        "1-2016-changed-in-five-days", "vcr-cassette-2016-get_fpds.yml.gz", "", _OPEN_FPDS,
        datetime(2016, 5, 15, 21, 31, 8, tzinfo=UTC), "A recorded exchange, behind its redirect.", (NEXT,),
    ),
    Kept(
        "2-2016-general-services", "vcr-cassette-2016-get_fpds_gsa.yml.gz", "", _OPEN_FPDS,
        datetime(2016, 5, 15, 21, 32, tzinfo=UTC), "A recorded exchange, behind its redirect.", (NEXT,),
    ),
    Kept(
        "3-2017-one-vendor", "atom-2017-vendor-feed-result.xml.gz",
        f"{FEED}?FEEDNAME=PUBLIC&templateName=1.4.4&q=VENDOR_NAME%3A%22nuaxis%22", "NuAxis/fpds-atom, commit c7f8c8b2",
        datetime(2017, 1, 1, 12, tzinfo=UTC), _DAY, (NEXT,),
    ),
    Kept(
        "4-2017-one-contract", "atom-2017-piid-feed-result.xml",
        f"{FEED}?FEEDNAME=PUBLIC&templateName=1.4.4&q=PIID%3A%22DOLOPS15T00043%22", "NuAxis/fpds-atom, commit c7f8c8b2",
        datetime(2017, 1, 2, 12, tzinfo=UTC), _DAY,
    ),
    Kept(
        "5-2023-one-agency", "atom-v1.5-full-response-10-entries.xml.gz",
        f"{FEED}?FEEDNAME=PUBLIC&VERSION=1.5.2&q=LAST_MOD_DATE%3A%5B2013%2F10%2F01%2C2014%2F09%2F30%5D+AGENCY_CODE%3A%224740%22",
        "dherincx92/fpds, commit 429094da", datetime(2023, 1, 1, 12, tzinfo=UTC),
        f"{_DAY} Its prefixes were rewritten by the recorder.", (NEXT,),
    ),
)  # fmt: skip


def build(samples: Path, folder: Path = REPLAYS) -> None:
    """Write the WARC files; one that is there already is an error."""
    for page in PAGES:
        raw = (samples / "fpds-atom" / page.file).read_bytes()
        plain = gzip.decompress(raw) if page.file.endswith(".gz") else raw
        address, payload = (page.address, plain) if page.address else _exchange(plain)
        recorder = Recorder(page.recorder, page.at, f"{page.note} From {page.file}.")
        with WarcWriter(folder, "", name=f"{page.name}.warc.gz") as writer:
            write_answer(writer, "fpds_atom", PlannedRequest(address), payload, "application/xml", recorder, page.gaps)


def _exchange(cassette: bytes) -> tuple[str, bytes]:
    """Address, escaped as Scrapy sends it, and decoded answer of the exchange in a cassette that brought the feed."""
    match = _EXCHANGE.search(cassette)
    assert match is not None, "the cassette holds no feed"
    return safe_url_string(match[1]), gzip.decompress(base64.b64decode(match[2]))


if __name__ == "__main__":
    build(Path(sys.argv[1]))
