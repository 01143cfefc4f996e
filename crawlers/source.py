"""Facts about a source, from its ``source.toml``: who publishes it, how it may be asked, what is expected of it."""

import re
import tomllib
from datetime import date, timedelta
from functools import cache, cached_property
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator

from noticewatch.errors import NotFound, SettingsError

FOLDER = Path(__file__).parent / "sources"
"""Where the sources that come along stand, one folder each."""

_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def interval(value: str) -> timedelta:
    """``30m``, ``24h`` or ``7d`` as a time span. Raises ValueError for anything else."""
    match = re.fullmatch(r"([1-9]\d{0,4})([mhd])", value.strip(), re.ASCII)
    if match is None:
        raise ValueError(f"{value!r} is no interval; write for example 30m, 24h or 7d")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


Interval = Annotated[timedelta, BeforeValidator(lambda value: interval(value) if isinstance(value, str) else value)]


class Expectations(BaseModel):
    """What an answer of this source is known to look like; a breach is a verdict with its reason, never silence."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    least_rows: int = Field(0, ge=0, description="a window with fewer rows is empty_suspicious")
    greatest_drop: float | None = Field(
        None, gt=0, lt=1, description="share by which rows may fall against the window's last whole walk"
    )
    greatest_change: float | None = Field(
        None, gt=0, lt=1, description="share of a window's known rows whose bytes may differ; more is a change storm"
    )
    filled: dict[str, float] = Field(
        default_factory=dict, description="least share of the rows read that state a path of a notice: dates.posted"
    )
    freshness_days: int | None = Field(None, ge=1, description="most days between the newest row and the crawl")
    columns: tuple[str, ...] = Field((), description="columns or fields without which an answer cannot be read")
    known: tuple[str, ...] = Field((), description="all columns or fields that the source has had so far")


class Key(BaseModel):
    """How a source wants to be shown a key: in a request header, so that the key never stands in an address."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    header: str = Field(pattern=r"^[A-Za-z0-9-]+$", description="name of the request header")
    obtain: str = Field(description="page on which one gets a key")
    required: bool = Field(default=True, description="whether the source answers nothing without one")


class Quota(BaseModel):
    """How many calls a source answers a day. The day ends at 00:00 UTC."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    calls: int = Field(ge=1, description="calls a day, of the weakest kind of key")


class Documents(BaseModel):
    """How the documents that a source's notices list may be asked for; without a key, and beside its quota."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    hosts: tuple[str, ...] = Field(min_length=1, description="hosts that may be asked for documents")
    redirect_hosts: tuple[str, ...] = Field((), description="other hosts to which a redirect may lead")
    delay: float = Field(2.0, ge=0, description="least seconds between two requests to a host")
    timeout: float = Field(180.0, gt=0, description="seconds after which a document is given up")
    max_megabytes: int = Field(256, gt=0, description="greatest size of a document")


class Source(BaseModel):
    """A source as its ``source.toml`` describes it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$", description="name of the source, its folder and its spider")
    title: str = Field(description="name for readers")
    register_name: str = Field(alias="register", description="register whose notices it carries: sam, us-action")
    publisher: str
    jurisdiction: str = Field(description="us, us-ca, eu, gb …")
    home: str = Field(description="page a reader can open")
    terms: str = Field(description="under what terms the data may be used, in words")
    description: str = Field("", description="what it covers, in one or two sentences")
    not_covered: tuple[str, ...] = Field((), description="what it does not hold, each a sentence")
    traps: tuple[str, ...] = Field((), description="what is known to go wrong with it, each a sentence")
    last_verified: date | None = Field(None, description="day of the newest evidence for these facts")
    verified_how: str | None = Field(None, description="what that evidence is, a sentence")
    covers_since: str | None = Field(None, description="first day it covers, where known")
    live: bool = Field(default=True, description="whether it is crawled; if not it reads recordings and imports only")
    live_note: str | None = Field(None, description="why it is not crawled, or what of its crawl is untested")
    schedule: Interval = Field(description="interval between crawls: 24h")
    timezone: str = Field("UTC", description="zone in which the source's days begin")
    hosts: tuple[str, ...] = Field(min_length=1, description="hosts that may be asked")
    redirect_hosts: tuple[str, ...] = Field((), description="other hosts to which a redirect may lead")
    concurrency: int = Field(1, ge=1, le=8, description="requests to a host at once")
    delay: float = Field(2.0, ge=0, description="least seconds between two requests to a host")
    timeout: float = Field(180.0, gt=0, description="seconds after which an answer is given up")
    max_megabytes: int = Field(1024, gt=0, description="greatest size of one answer")
    window_limit: int | None = Field(None, ge=1, description="rows above which a window must be split")
    robots: Literal["obey"] = "obey"
    key: Key | None = None
    quota: Quota | None = None
    documents: Documents | None = Field(None, description="how documents of its notices may be asked for, if at all")
    parser_version: int = Field(ge=1)
    rank: int = Field(1, ge=1, description="of the witnesses of one register and one revision the lowest rank wins")
    late_after: int = Field(30, ge=1, description="days after which a first version is called late")
    late_after_defense: int = Field(120, ge=1, description="the same for actions of the Department of Defense")
    overlap: int = Field(0, ge=0, description="days that a regular crawl reaches back")
    absence: bool = Field(
        default=False, description="whether a notice that a complete window no longer holds is missing from the source"
    )
    absence_note: str | None = Field(None, description="why absence means something, or nothing; a sentence")
    archive_scopes: tuple[str, ...] = Field(
        (), description="scopes of windows that hold what the source has archived: a row there is no listing"
    )
    expectations: Expectations = Expectations()
    options: dict[str, Any] = Field(default_factory=dict, description="facts for the source's own spider and parser")
    folder: Path = Field(exclude=True, description="where its spider and parser stand")

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError(f"{value!r} is no time zone") from error
        return value

    def for_documents(self) -> "Source | None":
        """The source as its documents are asked for: other hosts, no key, no quota; None where they are not asked for.

        Its name is the same: runs and captures of documents are the source's own.
        """
        if self.documents is None:
            return None
        facts = self.documents
        return self.model_copy(
            update={
                "hosts": facts.hosts, "redirect_hosts": facts.redirect_hosts, "delay": facts.delay,
                "timeout": facts.timeout, "max_megabytes": facts.max_megabytes, "concurrency": 1, "key": None,
                "quota": None, "window_limit": None, "expectations": Expectations(),
            }
        )  # fmt: skip

    @property
    def register(self) -> str:
        """Register whose notices it carries."""
        return self.register_name

    @cached_property
    def zone(self) -> ZoneInfo:
        """The zone in which the source's days begin."""
        return ZoneInfo(self.timezone)


def read_source(folder: Path) -> Source:
    """The source in a folder. Raises SettingsError naming file and reason where its ``source.toml`` is wrong."""
    file = folder / "source.toml"
    try:
        stated = tomllib.loads(file.read_text(encoding="utf-8"))
        found = Source.model_validate({**stated, "folder": folder})
    except OSError as error:
        raise SettingsError(f"{file} cannot be read ({error.strerror}).") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file} is not valid TOML: {error}.") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the file"
        raise SettingsError(f"{file}: {place}: {first['msg']}.") from error
    if found.name != folder.name:
        raise SettingsError(f"{file} names the source {found.name!r}, but its folder is {folder.name!r}.")
    return found


@cache
def load_sources(folder: Path = FOLDER) -> dict[str, Source]:
    """All sources of a folder by name, in order of name. Raises SettingsError for the first that is wrong."""
    files = sorted(folder.glob("*/source.toml"))
    return {file.parent.name: read_source(file.parent) for file in files}


def source(name: str, folder: Path = FOLDER) -> Source:
    """A source by name. Raises NotFound naming the sources there are."""
    sources = load_sources(folder)
    if name not in sources:
        raise NotFound(f"There is no source {name!r}; there are {', '.join(sources) or 'none'}.")
    return sources[name]
