"""The calls that a source allows a day, counted in the database so that no run and no restart forgets them."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final, Self

from archive import crawl_state
from archive.store import Archive
from crawlers.source import Source
from noticewatch.errors import NoticewatchError
from noticewatch.identifiers import now
from noticewatch.settings import Settings

_A_DAY: Final = timedelta(days=1)


class QuotaExhausted(NoticewatchError):
    """A source answers no more calls today."""

    exit_code = 4


@dataclass(frozen=True, slots=True)
class Quota:
    """Calls of one source. Without a number of ``calls`` a day only what the source itself says holds."""

    archive: Archive
    source: str
    calls: int | None

    @classmethod
    def of(cls, archive: Archive, source: Source, settings: Settings) -> Self:
        """The quota of a source: as the operator's key allows, else as its source.toml says."""
        setting = settings.sources.get(source.name)
        stated = setting.calls_a_day if setting else None
        return cls(archive, source.name, stated or (source.quota.calls if source.quota else None))

    def spend(self) -> None:
        """Count a call about to be sent. Raises QuotaExhausted where none is left."""
        moment = now()
        day = f"{moment:%Y-%m-%d}"
        with self.archive.writing() as connection:
            used, until = crawl_state.quota_of(connection, self.source, day)
            if until is not None and moment < until:
                raise QuotaExhausted(f"the source answers no more calls until {_minute(until)}")
            if self.calls is not None and used >= self.calls:
                raise QuotaExhausted(
                    f"{used} of {self.calls} calls of the day are used; it goes on after {_minute(_midnight(moment))}"
                )
            if self.calls is not None:
                crawl_state.use_quota(connection, self.source, day, calls=1)

    def give_back(self) -> None:
        """Count a call no longer that was about to be sent and reached nobody."""
        if self.calls is not None:
            with self.archive.writing() as connection:
                crawl_state.use_quota(connection, self.source, f"{now():%Y-%m-%d}", calls=-1)

    def spent(self, until: datetime) -> None:
        """Keep that the source answers no more calls before a moment."""
        with self.archive.writing() as connection:
            crawl_state.use_quota(connection, self.source, f"{now():%Y-%m-%d}", until=until)

    def left(self) -> int | None:
        """Calls that are left today; None where the source counts none."""
        if self.calls is None:
            return None
        with self.archive.reading() as connection:
            used, until = crawl_state.quota_of(connection, self.source, f"{now():%Y-%m-%d}")
        return 0 if until is not None and now() < until else max(0, self.calls - used)


def _midnight(moment: datetime) -> datetime:
    return datetime.combine(moment.date() + _A_DAY, time(), moment.tzinfo)


def _minute(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
