"""The command that judges the watchlist by labelled records: ``watchlist evaluate``."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import typer

from noticewatch.settings import load_settings
from service.output import Json, say, say_json
from service.paths import path
from watchlist import evaluation
from watchlist.dictionary import load_dictionary
from watchlist.evaluation import Evaluation, Figures, Judged, Share, micro
from watchlist.labelled import read_labelled

_KINDS: Final[tuple[Literal["technology", "vendor"], ...]] = ("technology", "vendor")
_TIERS: Final = {"alert": ("alert",), "alert and review": ("alert", "review")}
_TITLE: Final = 100


def evaluate(
    file: Annotated[
        Path, typer.Argument(parser=path, metavar="FILE.csv", help="Records labelled yes, no or ambiguous.")
    ],
    leave_source_out: Annotated[
        bool,
        typer.Option("--leave-source-out", help="Judge each source by what is known without it."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Say how much of what a person labelled the watchlist finds, and how much of what it finds is right.

    Ambiguous records count neither way. Every error is listed with the words that caused it.

    Example: noticewatch watchlist evaluate labelled.csv --leave-source-out
    """
    dictionary = load_dictionary(load_settings().watchlist)
    found = evaluation.evaluate(dictionary, read_labelled(file), leave_source_out=leave_source_out)
    if as_json:
        say_json(
            {"file": str(file), "dictionary": dictionary.version, "leave_source_out": leave_source_out, **_form(found)}
        )
        return
    how = "each source judged by what is known without it" if leave_source_out else "with the whole dictionary"
    clear, unsure = len(found.clear), len(found.judged) - len(found.clear)
    say(f"{clear:,} records of {clear + unsure:,} ({unsure:,} ambiguous), {how}.")
    for line in _lines(found):
        say(line)


def _lines(found: Evaluation) -> Iterator[str]:
    yield ""
    yield "By tier:"
    for name, tiers in _TIERS.items():
        yield f"  {name}: {_words(found.tier_figures(tiers))}"  # type: ignore[arg-type]  # tiers of Evaluation
    yield ""
    yield "By source, alert tier:"
    for source, some in found.sources().items():
        yield f"  {source}: {_words(found.tier_figures(['alert'], some))}"
    for kind in _KINDS:
        figures = found.tag_figures(kind)
        yield ""
        yield f"By {kind}, alert tags: {_words(micro(figures))}"
        for name, each in figures.items():
            yield f"  {name}: {each.right} right, {each.wrong} wrong, {each.missed} missed"
    errors = found.errors()
    yield ""
    yield f"Errors ({len(errors)}):"
    for error in errors:
        yield f"  {_error(error)}"


def _words(figures: Figures) -> str:
    f1 = "" if figures.f1 is None else f", F1 {figures.f1:.3f}"
    return f"precision {_share(figures.precision)}, recall {_share(figures.recall)}{f1}"


def _share(share: Share) -> str:
    if share.value is None:
        return "not defined (0 of 0)"
    low, high = share.interval
    return f"{share.value:.3f} ({share.hits} of {share.of}, 95 % interval {low:.3f} to {high:.3f})"


def _error(each: Judged) -> str:
    what = f"labelled {each.record.relevant}, found {'in ' + each.tier if each.tier else 'not'}"
    quotes = "; ".join(f"{tag.id}: “{tag.evidence[0].quote}”" for tag in each.tags)
    title = each.record.title[:_TITLE].replace("\n", " ")
    seller = f" · {each.record.seller}" if each.record.seller else ""
    return f"{each.record.source} {each.record.id}: {what}: {title}{seller}{' · ' + quotes if quotes else ''}"


def _form(found: Evaluation) -> dict[str, Any]:
    return {
        "records": len(found.judged),
        "ambiguous": len(found.judged) - len(found.clear),
        "tiers": {name: _figures(found.tier_figures(tiers)) for name, tiers in _TIERS.items()},  # type: ignore[arg-type]  # tiers of Evaluation
        "sources": {name: _figures(found.tier_figures(["alert"], some)) for name, some in found.sources().items()},
        **{
            f"{kind}_tags": {
                "micro": _figures(micro(found.tag_figures(kind))),
                "each": {name: _figures(each) for name, each in found.tag_figures(kind).items()},
            }
            for kind in _KINDS
        },
        "errors": [
            {
                "id": each.record.id, "source": each.record.source, "labelled": each.record.relevant,
                "found": each.tier or None, "title": each.record.title,
                "tags": [
                    {"kind": tag.kind, "id": tag.id, "tier": tag.tier, "quote": tag.evidence[0].quote}
                    for tag in each.tags
                ],
            }
            for each in found.errors()
        ],
    }  # fmt: skip


def _figures(figures: Figures) -> dict[str, Any]:
    return {
        "right": figures.right, "wrong": figures.wrong, "missed": figures.missed, "f1": figures.f1,
        "precision": figures.precision.value, "precision_interval": figures.precision.interval,
        "recall": figures.recall.value, "recall_interval": figures.recall.interval,
    }  # fmt: skip
