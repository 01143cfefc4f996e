"""Recorded texts in Spanish and French of which none is about surveillance: of x-ray plates, social life, a car."""

import csv
from pathlib import Path
from typing import Final

from noticewatch.models import Kind, Notice, Text
from tests.dictionary import matcher as own

TEXTS: Final = Path(__file__).parent / "data" / "other-languages.csv"


def test_no_recorded_text_of_other_things_is_tagged_in_its_language() -> None:
    matcher = own()
    with TEXTS.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["language"] for row in rows} == {"es", "fr"}
    for row in rows:
        text = Text(text=row["text"], language=row["language"])
        tags = matcher.tags(Notice(kind=Kind.SOLICITATION, title=(text,), description=(text,)))
        assert tags == (), (row["file"], row["text"], tags)
