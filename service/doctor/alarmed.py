"""Says what the operator is told by alarms."""

from collections.abc import Iterator

from archive.store import Archive
from crawlers.source import load_sources
from noticewatch.settings import PREFIX, Settings
from service.alarms import alarms
from service.doctor.finding import Finding


def alarmed(archive: Archive, settings: Settings) -> Iterator[Finding]:
    """A finding an alarm that stands; one that says so where there is none."""
    found = alarms(archive, settings, load_sources())
    told = "" if settings.alarm_to else f"{PREFIX}ALARM_TO names where the operator is told such things"
    for one in found:
        yield Finding("alarm", "bad", one.said.rstrip("."), told or "docs/alerts.md says what alarms mean")
    if not found:
        to = "they would be told" if settings.alarm_to else "nobody would be told"
        yield Finding("alarms", "good", f"none stands; {to}", told)
