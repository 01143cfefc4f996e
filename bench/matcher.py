"""Speed of the matcher on the notices of the starter's SAM.gov file, with the whole dictionary, on one core.

Notices of ASCII text and others are measured apart: the others hold half of the text. The cost must stay flat when the
dictionary grows to 10,000 vendors. ``python -m bench.matcher``
"""

import random
import time
from collections.abc import Sequence
from dataclasses import replace

from noticewatch.models import Notice
from tests.watchlist import sam_rows
from watchlist.dictionary import Dictionary, load_dictionary
from watchlist.matcher import Matcher
from watchlist.records import Alias, Vendor

LIMITS = {"ASCII": 20.0, "other": 10.0}
MOST_VENDORS = 10_000
FLAT = 1.5
ROUNDS = 3


def main() -> int:
    notices = [sam_rows.notice(row) for row in sam_rows.rows()]
    parts = {
        "ASCII": [notice for notice in notices if is_ascii(notice)],
        "other": [notice for notice in notices if not is_ascii(notice)],
    }
    began = time.process_time()
    dictionary = load_dictionary()
    print(f"dictionary of {len(dictionary.vendors)} vendors read in {time.process_time() - began:.3f} s")
    began = time.process_time()
    small, large = Matcher(dictionary), Matcher(grown(dictionary, MOST_VENDORS))
    print(f"both matchers compiled in {time.process_time() - began:.3f} s")
    failed = False
    for name, some in parts.items():
        megabytes = sum(map(size, some)) / 1e6
        fast, slow = (megabytes / seconds(matcher, some) for matcher in (small, large))
        ratio = fast / slow
        failed |= fast < LIMITS[name] or ratio > FLAT
        print(
            f"{name:6} {len(some):6,} notices {megabytes:5.1f} MB  {fast:5.1f} MB/s (limit {LIMITS[name]:.0f})  "
            f"with {MOST_VENDORS:,} vendors {slow:5.1f} MB/s, ratio {ratio:.2f} (limit {FLAT})"
        )
    return int(failed)


def seconds(matcher: Matcher, notices: Sequence[Notice]) -> float:
    best = float("inf")
    for _ in range(ROUNDS):
        began = time.process_time()
        for notice in notices:
            matcher.tags(notice)
        best = min(best, time.process_time() - began)
    return best


def is_ascii(notice: Notice) -> bool:
    return all(part.text.isascii() for part in (*notice.title, *notice.description))


def size(notice: Notice) -> int:
    texts = [part.text for part in (*notice.title, *notice.description)] + [party.name for party in notice.parties]
    return sum(len(text.encode()) for text in texts)


def grown(dictionary: Dictionary, vendors: int) -> Dictionary:
    """The dictionary with vendors of made-up names added, until there are so many."""
    dice = random.Random(11)
    syllables = [
        "tel",
        "vor",
        "kam",
        "sys",
        "net",
        "dyn",
        "ort",
        "lux",
        "pra",
        "quo",
        "zen",
        "mir",
        "gal",
        "bex",
        "ulm",
    ]
    held = dict(dictionary.vendors)
    while len(held) < vendors:
        word = "".join(dice.choices(syllables, k=4)).capitalize()
        number = len(held)
        names = [
            f"{word} {number} Systems",
            f"{word} {number} Systems Inc",
            f"{word}{number}",
            f"{word} {number} Group",
        ]
        held[f"made-{number}"] = Vendor(
            id=f"made-{number}", name=names[0], kind="vendor", technologies=("lpr",), learned_from=("general",),
            evidence=("made up for a measurement",),
            names=tuple(Alias(name=name, policy="strong", learned_from=("general",)) for name in names),
        )  # fmt: skip
    return replace(dictionary, vendors=held)


if __name__ == "__main__":
    raise SystemExit(main())
