"""A source in words, from its ``source.toml`` alone: for its page in ``docs/`` and the sources page."""

from datetime import timedelta

from crawlers.source import Expectations, Source


def span(time: timedelta) -> str:
    """``24 hours``, ``30 minutes``, ``7 days``."""
    minutes = round(time.total_seconds() / 60)
    if minutes < 60:
        return _counted(minutes, "minute")
    hours = minutes / 60
    if hours < 72 or hours % 24:
        return _counted(round(hours), "hour")
    return _counted(round(hours / 24), "day")


def seconds(number: float) -> str:
    """``1 second``, ``2.5 seconds``, ``30 minutes``."""
    return _counted(number, "second") if number < 120 or number % 60 else span(timedelta(seconds=number))


def way(source: Source) -> str:
    """Whether a source is crawled or only reads recordings and imports, in a few words."""
    return "crawled" if source.live else "recordings and imports only"


def rate(source: Source) -> list[str]:
    """How it is asked, in sentences."""
    once = "one request" if source.concurrency == 1 else f"{source.concurrency} requests"
    between = f", at least {seconds(source.delay)} apart" if source.delay else ""
    said = [
        f"At most {once} at once to a host{between}.",
        f"An answer may take {seconds(source.timeout)} and be {source.max_megabytes:,} MB large.",
    ]
    if source.window_limit is not None:
        said.append(f"What holds more than {source.window_limit:,} rows is asked for in narrower parts.")
    if source.redirect_hosts:
        said.append(f"Redirects may lead to {_listed(source.redirect_hosts)}.")
    return said


def documents(source: Source) -> list[str]:
    """How documents of its notices are asked for, in sentences; none where they are not."""
    if source.documents is None:
        return []
    facts = source.documents
    said = [
        f"Documents that its notices list are asked for on {_listed(facts.hosts)}, one at a time, at least "
        f"{seconds(facts.delay)} apart, up to {facts.max_megabytes:,} MB each, without a key."
    ]
    if facts.redirect_hosts:
        said.append(f"Redirects may lead to {_listed(facts.redirect_hosts)}.")
    return said


def key_and_quota(source: Source) -> list[str]:
    """What key it wants and how many calls it answers, in sentences."""
    if source.key is None:
        said = ["No key is needed."]
    else:
        need = "needs a key" if source.key.required else "takes a key"
        said = [
            f"It {need}, sent in the header {source.key.header}, never in an address. Get one at {source.key.obtain} "
            f"and set it as `key` in the table `[sources.{source.name}]`."
        ]
    if source.quota is not None:
        said.append(
            f"It answers {_counted(source.quota.calls, 'call')} a day, counted over all runs; the day ends at 00:00 "
            "UTC. A key that allows more: `calls_a_day`."
        )
    return said


def expectations(expected: Expectations) -> list[str]:
    """What an answer must look like to be believed, in sentences."""
    said = []
    if expected.least_rows:
        said.append(f"An answer with fewer than {expected.least_rows:,} rows is held back as suspiciously empty.")
    if expected.greatest_drop is not None:
        said.append(f"So is one with over {expected.greatest_drop:.0%} fewer rows than the last whole one.")
    if expected.greatest_change is not None:
        said.append(f"Where over {expected.greatest_change:.0%} of the rows known before differ, it is held back.")
    if expected.filled:
        parts = [f"`{path}` in {share:.0%}" for path, share in sorted(expected.filled.items())]
        said.append(f"Of the rows read there must be {_listed(parts)}; else it is held back.")
    if expected.freshness_days is not None:
        said.append(f"Something new is expected at least every {_counted(expected.freshness_days, 'day')}.")
    if expected.columns:
        said.append(f"Without these it cannot be read: {_listed([f'`{name}`' for name in expected.columns])}.")
    if expected.known:
        said.append(f"{len(expected.known)} columns or fields are known; any other is reported.")
    return said or ["Nothing beyond the shape that its parser reads."]


def _listed(parts: "list[str] | tuple[str, ...]") -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _counted(number: float, thing: str) -> str:
    return f"{number:g} {thing}{'' if number == 1 else 's'}"
