"""Six recorded states of the FY2026 actions of CBP and ICE, rebuilt into answers of the source."""

from datetime import UTC, date, datetime
from pathlib import Path

from archive.warc import WarcWriter
from dev.rebuild import ASKED, Recorder, drift, every_day, read_rows, write_transactions

RECORDED = Path(__file__).parent.parent / "replays" / "usaspending_transactions"
DAYS = tuple(date(2026, 8, day) for day in range(17, 23))


def rebuild(day: date, folder: Path, first: date = date(2025, 10, 1)) -> Path:
    """The state of a day as a WARC file in a folder of its own; every day of the fiscal year up to it was walked, or
    only those from another first day on.
    """
    name = f"CBP_ICE_FY2026_as-of-{day}.csv.gz"
    rows = [row for row in read_rows(RECORDED / name) if row["Action Date"] >= first.isoformat()]
    gaps = {
        agency: drift((row for row in rows if row["Agency"] == agency), f"{agency} FY2026") for agency in ("CBP", "ICE")
    }
    moment = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    recorder = Recorder("wrags81/cbp-ice-dashboard", moment, f"Rebuilt from {name}; hour not recorded. {ASKED}")
    own = folder / str(day)
    with WarcWriter(own, "", name=f"as-of-{day}.warc.gz") as writer:
        write_transactions(writer, rows, recorder, gaps, every_day(first, day))
    return own
