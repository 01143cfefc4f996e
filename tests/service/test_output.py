"""What commands write."""

import io
from decimal import Decimal

import orjson
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from service.output import Field, broken, json_line, progress, say_table

FIELDS = (Field("title", share=1), Field("date"), Field("buyer"), Field("amount", right=True))
ROW = ("Automated licence plate readers for the northern border " * 3, "2026-04-25", "ICE", "948,620.64 USD")


def written(width: int) -> str:
    out = io.StringIO()
    say_table(FIELDS, [ROW], Console(file=out, width=width, highlight=False))
    return out.getvalue()


def test_a_narrow_terminal_loses_nothing_and_no_line_is_wider_than_it():
    for width in (40, 60, 80, 129, 130, 200):
        text = written(width)
        assert max(len(line) for line in text.splitlines()) <= width
        assert "".join(ROW).replace(" ", "")[:60] in text.replace(" ", "").replace("\n", "") or width >= 130
        assert "948,620.64" in text


def test_what_another_program_reads_is_not_broken_into_lines(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    say_table(FIELDS, [ROW])
    assert capsys.readouterr().out.splitlines()[0].strip() == ROW[0].strip()


def test_money_and_sets_become_json_without_loss():
    assert orjson.loads(json_line({"amount": Decimal("948620.64"), "kinds": {"b", "a"}})) == {
        "amount": "948620.64",
        "kinds": ["a", "b"],
    }


def test_progress_without_a_terminal_is_a_line_a_tenth(capsys):
    with progress() as bar:
        for done in range(101):
            bar.show("Windows", done, 100)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "Windows: 0 of 100"
    assert len(lines) == 11


def test_quiet_progress_says_nothing(capsys):
    with progress(quiet=True) as bar:
        bar.show("Windows", 1, 2)
    assert capsys.readouterr() == ("", "")


def test_a_broken_line_is_set_in_below_its_beginning():
    assert broken("  buyer: Immigration and Customs Enforcement", 24) == [
        "  buyer: Immigration and",
        "    Customs Enforcement",
    ]


@given(st.text(st.characters(categories=("L", "N", "P"), include_characters=" "), max_size=400), st.integers(20, 120))
def test_a_broken_line_keeps_its_words_and_fits(line, wide):
    lines = broken(line, wide)
    assert " ".join(lines).split() == line.split()
    assert all(len(one) <= wide or len(one.split()) == 1 for one in lines)
