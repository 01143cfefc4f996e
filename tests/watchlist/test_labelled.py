"""Floors of what the matcher finds on labelled records. Ambiguous rows are left out, as their labeller asked."""

import csv
from collections import Counter
from pathlib import Path

from noticewatch.models import Kind, Notice, Party, Text
from watchlist.dictionary import load_dictionary
from watchlist.evidence import field_texts
from watchlist.matcher import Matcher

AWARD_RECORDS = {"usaspending-ice-fy13-18", "usaspending-ice-mn", "fpds", "argus-excerpts"}
"""Sources without titles of their own: what they print is a description, their second text the name of a class."""


def notice(row: dict[str, str]) -> Notice:
    made = row["source"] in AWARD_RECORDS
    return Notice(
        kind=Kind.OTHER,
        title=(Text(text=row["title"]),),
        title_from="made from description" if made else "published",
        description=(Text(text=row["text"]),) if row["text"] and not made else (),
        parties=(Party(role="supplier", name=row["vendor_field"]),) if row["vendor_field"] else (),
    )


def labelled() -> list[dict[str, str]]:
    with (Path(__file__).parent / "data" / "labelled-dev.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_labelled_records_are_found_and_others_are_not() -> None:
    matcher = Matcher(load_dictionary())
    counts: Counter[tuple[str, str]] = Counter()
    for row in labelled():
        tiers = {tag.tier for tag in matcher.tags(notice(row))}
        counts[row["relevant"], "alert" if "alert" in tiers else "review" if tiers else "none"] += 1
    relevant = sum(number for (label, _), number in counts.items() if label == "yes")
    alerts, false_alerts = counts["yes", "alert"], counts["no", "alert"]
    assert relevant == 126
    assert alerts / (alerts + false_alerts) >= 0.95
    assert alerts / relevant >= 0.90
    assert (alerts + counts["yes", "review"]) / relevant >= 0.95
    assert counts["no", "review"] <= 15


def test_every_quote_stands_where_its_evidence_says() -> None:
    matcher = Matcher(load_dictionary())
    for row in labelled():
        stored = notice(row)
        texts = field_texts(stored)
        for tag in matcher.tags(stored):
            assert tag.evidence
            for evidence in tag.evidence:
                assert evidence.quote
                assert texts[evidence.field][evidence.start : evidence.end] == evidence.quote
