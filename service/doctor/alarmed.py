"""Says what the operator is told by alarms."""

from collections.abc import Iterator

from archive.store import Archive
from crawlers.source import load_sources
from noticewatch.errors import SettingsError
from noticewatch.settings import PREFIX, Settings
from service.alarming import targets
from service.alarms import alarms
from service.doctor.finding import Finding


def alarmed(archive: Archive, settings: Settings) -> Iterator[Finding]:
    """A finding an alarm that stands; one that says so where there is none, or that none would reach anybody."""
    found = alarms(archive, settings, load_sources())
    told = "" if settings.alarm_to else f"{PREFIX}ALARM_TO names where the operator is told such things"
    for one in found:
        yield Finding("alarm", "bad", one.said.rstrip("."), told or "docs/alerts.md says what alarms mean")
    if refused := _refused(settings):
        yield Finding("alarms", "bad", f"nobody is told: {refused}", "docs/alerts.md says what may stand there")
    elif not found:
        to = "they would be told" if settings.alarm_to else "nobody would be told"
        yield Finding("alarms", "good", f"none stands; {to}", told)


def _refused(settings: Settings) -> str:
    """Why alarms cannot be sent to where they are to go; empty where they can."""
    try:
        targets(settings)
    except SettingsError as error:
        return str(error).rstrip(".")
    return ""
