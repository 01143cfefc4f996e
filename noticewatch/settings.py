"""Settings: ``noticewatch.toml`` (or ``$NOTICEWATCH_CONFIG``), over-ridden by ``NOTICEWATCH_*`` variables."""

import os
import re
from email.utils import parseaddr
from functools import cached_property
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from noticewatch.errors import SettingsError
from noticewatch.mailboxes import is_mailbox
from noticewatch.relay import relay_of

PREFIX = "NOTICEWATCH_"

SEARCH_ADDRESSES: Final = "write addresses with their ports, such as https://search.example:9200, commas between"
"""How a search server is written."""

DocumentsOf: TypeAlias = Literal["watchlist", "all", "none"]
"""Documents of which notices are collected."""


class SourceSettings(BaseModel):
    """What an operator may set for one source, table ``[sources.NAME]``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    enabled: bool = True
    schedule: str | None = Field(None, description="interval such as 24h or 30m; default from the source's source.toml")
    key: SecretStr | None = Field(None, description="API key, where the source wants one")
    calls_a_day: int | None = Field(None, ge=1, description="calls a day that the key allows; default the fewest")
    through: str | None = Field(None, description="address asked in place of the source's own: a mirror, a recorder")

    documents: DocumentsOf | None = Field(None, description="documents of which notices; default the general setting")

    @field_validator("through")
    @classmethod
    def _through_is_an_address(cls, value: str | None) -> str | None:
        if value is not None and not _is_address(value):
            raise ValueError("write an address that begins with http:// or https://")
        return value


class Settings(BaseSettings):
    """All settings. In the file their names are in lower case."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True, env_ignore_empty=True
    )

    home: Path = Field(Path("data"), description="data folder")
    database_url: str | None = Field(None, description="system of record; default SQLite in the data folder")
    search_url: str | None = Field(
        None, description="Elasticsearch, several hosts with commas between; default embedded, in the data folder"
    )
    search_api_key: SecretStr | None = Field(None, description="API key of the search server")
    search_ca: Path | None = Field(None, description="file of the certificate authority of the search server")
    search_index: str = Field("noticewatch", description="name of the index on the search server")
    search_fallback: bool = Field(
        default=False, description="keep the embedded index too, and answer from it while the search server does not"
    )
    contact: str | None = Field(
        None, description="e-mail or page, told to publishers and to readers who object; live crawls need it"
    )
    bind: str = Field("127.0.0.1:8484", description="address and port to serve on")
    public_url: str | None = Field(
        None, description="address under which readers reach the pages; default from NOTICEWATCH_BIND"
    )
    admin_token: SecretStr | None = Field(
        None, description="operator's token for whole bulk payloads and the state of all alerts"
    )
    smtp_url: SecretStr | None = Field(
        None, description="mail relay, smtp(s)://USER:PASSWORD@HOST:PORT?starttls=…&timeout=…; without it no mail"
    )
    mail_from: str | None = Field(None, description="sender of mails, such as noticewatch <alerts@example.org>")
    alerts_allow_private: bool = Field(
        default=False, description="send to addresses and ports inside the own network too, and without encryption"
    )
    alerts_chat: str = Field(
        "", description="chat services that may be used beside the usual ones, Apprise schemas with commas between"
    )
    alarm_to: str = Field(
        "", description="whom alarms go to: mail addresses, chat rooms, file: or command:, with commas between"
    )
    starter: Path | None = Field(None, description="folder of the starter archive; default the one that comes along")
    watchlist: Path | None = Field(None, description="folder of the watchlist's data; default those that come along")
    concurrent_crawls: int = Field(2, ge=1, le=32, description="most crawls at once")
    hang_after: str = Field("30m", description="interval without progress after which a crawl is stopped")
    documents: DocumentsOf = Field("watchlist", description="documents of which notices: watchlist, all or none")
    sources: dict[str, SourceSettings] = Field(default_factory=dict, description="settings of single sources")

    @field_validator("public_url")
    @classmethod
    def _public_url_is_an_address(cls, value: str | None) -> str | None:
        if value is not None and (not _is_address(value) or "?" in value or "#" in value):
            raise ValueError("write an address that begins with http:// or https://, without ? and #")
        return value

    @field_validator("search_url")
    @classmethod
    def _search_url_is_addresses(cls, value: str | None) -> str | None:
        if value is not None and not are_search_addresses(value):
            raise ValueError(SEARCH_ADDRESSES)
        return value

    @field_validator("search_index")
    @classmethod
    def _search_index_is_a_name(cls, value: str) -> str:
        if re.fullmatch(r"[a-z][a-z0-9_]{0,40}", value) is None:
            raise ValueError("write a name of small letters, digits and underscores, at most 41")
        return value

    @field_validator("search_ca")
    @classmethod
    def _search_ca_is_a_file(cls, value: Path | None) -> Path | None:
        if value is not None and not value.is_file():
            raise ValueError(f"{value} is no file")
        return value

    @field_validator("contact")
    @classmethod
    def _contact_is_a_way_to_write(cls, value: str | None) -> str | None:
        if value is not None and not _MAIL.fullmatch(value) and not _is_address(value):
            raise ValueError("write an e-mail address or the address of a page, such as desk@example.org")
        return value

    @field_validator("smtp_url")
    @classmethod
    def _smtp_url_is_a_relay(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            relay_of(value.get_secret_value())
        return value

    @field_validator("mail_from")
    @classmethod
    def _mail_from_is_an_address(cls, value: str | None) -> str | None:
        if value is not None and (not value.isprintable() or not is_mailbox(parseaddr(value)[1])):
            raise ValueError("write an e-mail address, with a name before it or not: noticewatch <alerts@example.org>")
        return value

    @field_validator("alerts_chat")
    @classmethod
    def _alerts_chat_is_schemas(cls, value: str) -> str:
        if re.fullmatch(r"([a-z0-9]+(\s*,\s*[a-z0-9]+)*)?", value) is None:
            raise ValueError("write schemas of Apprise with commas between, such as matrixs, rockets")
        return value

    @field_validator("hang_after")
    @classmethod
    def _hang_after_is_an_interval(cls, value: str) -> str:
        if re.fullmatch(r"[1-9]\d*[mhd]", value) is None:
            raise ValueError("write an interval such as 30m or 2h")
        return value

    @field_validator("starter", "watchlist")
    @classmethod
    def _it_is_a_folder(cls, value: Path | None) -> Path | None:
        if value is not None and not value.is_dir():
            raise ValueError(f"{value} is no folder")
        return value

    @field_validator("database_url")
    @classmethod
    def _database_url_is_one(cls, value: str | None) -> str | None:
        if value is None:
            return None
        scheme, mark, rest = value.partition("://")
        if scheme in {"postgres", "postgresql"}:
            value = f"postgresql+psycopg{mark}{rest}"
        try:
            known = make_url(value).drivername in {"sqlite", "postgresql+psycopg"}
        except (ArgumentError, ValueError):
            known = False
        if not known:
            raise ValueError("write sqlite:///FILE or postgresql://USER:PASSWORD@HOST/DATABASE") from None
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the signature is pydantic-settings'
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - likewise
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Explicit arguments, then the environment, then the file."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, config_file())

    @cached_property
    def database(self) -> str:
        """URL of the system of record."""
        return self.database_url or f"sqlite:///{self.home.absolute() / 'noticewatch.sqlite'}"

    def documents_of(self, source: str) -> DocumentsOf:
        """Documents of which of a source's notices are collected."""
        own = self.sources.get(source)
        return (own.documents if own else None) or self.documents

    @cached_property
    def base_url(self) -> str:
        """Address that links in feeds and exports start with, without a slash at the end."""
        return (self.public_url or f"http://{self.bind}").rstrip("/")

    @property
    def leads_nowhere_else(self) -> bool:
        """Whether links that start with the base address lead to this machine alone."""
        host = urlsplit(self.base_url).hostname or ""
        try:
            return ip_address(host).is_loopback or ip_address(host).is_unspecified
        except ValueError:
            return host == "localhost"

    @cached_property
    def sender(self) -> str | None:
        """Who mails come from: MAIL_FROM, else CONTACT where that is an address of mail."""
        return self.mail_from or (self.contact if self.contact and is_mailbox(self.contact) else None)

    @property
    def sends_mail(self) -> bool:
        """Whether mail can be sent: there is a relay and a sender."""
        return self.smtp_url is not None and self.sender is not None

    @cached_property
    def host_and_port(self) -> tuple[str, int]:
        """BIND taken apart. Raises SettingsError where it is not ``HOST:PORT``."""
        host, _, port = self.bind.rpartition(":")
        if not host or not port.isdigit() or int(port) > 65535:
            raise SettingsError(f"{PREFIX}BIND is {self.bind!r}; write HOST:PORT, for example 127.0.0.1:8484.")
        return host.strip("[]"), int(port)


_MAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def masked_url(url: str) -> str:
    """A database's URL without the passwords in it."""
    made = make_url(url)
    hidden = {name: "***" for name in ("password", "sslpassword") if name in made.query}
    return made.update_query_dict(hidden).render_as_string(hide_password=True)


def masked_hosts(urls: str) -> str:
    """Addresses with commas between, without the names and passwords in them."""
    parts = [urlsplit(url.strip()) for url in urls.split(",")]
    return ", ".join(part._replace(netloc=part.netloc.rpartition("@")[2]).geturl() for part in parts)


def are_search_addresses(value: str) -> bool:
    """Whether this is what a search server is reached at: addresses with their ports, commas between."""
    return all(_is_address(one.strip()) and _port(one.strip()) for one in value.split(","))


def _is_address(value: str) -> bool:
    """Whether this is an address of the web, with a port that there can be."""
    try:
        parts = urlsplit(value)
        known = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    return known and value.isprintable() and " " not in value


def _port(value: str) -> int | None:
    return urlsplit(value).port


def config_file() -> Path:
    """Where the settings file is looked for."""
    return Path(os.environ.get(f"{PREFIX}CONFIG") or "noticewatch.toml")


def load_settings(**given: Any) -> Settings:
    """The settings in force. Raises SettingsError that names the bad or unknown setting and where it stands."""
    file = config_file()
    if f"{PREFIX}CONFIG" in os.environ and not file.is_file():
        wrong = "is no file" if file.exists() else "does not exist"
        raise SettingsError(f"{PREFIX}CONFIG names {file}, which {wrong}; name a file of settings, or unset it.")
    _refuse_unknown_variables()
    try:
        return Settings(**given)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise SettingsError(f"Setting {name} ({origin(name)}): {_way_out(first)}.") from error
    except ValueError as error:
        raise SettingsError(f"Settings in {file} cannot be read: {error}.") from error
    except OSError as error:
        raise SettingsError(f"Settings in {file} cannot be read ({error.strerror}); make the file readable.") from error


def _way_out(found: ErrorDetails) -> str:
    """What is wrong with a setting, or how it is written, for people."""
    limits = found.get("ctx", {})
    if found["type"] == "extra_forbidden":
        known = SourceSettings if len(found["loc"]) > 1 else Settings
        return f"there is no such setting; known are {', '.join(sorted(known.model_fields))}"
    ways = {
        "int_parsing": "write a whole number",
        "bool_parsing": "write true or false",
        "string_type": "write text in quotation marks",
        "literal_error": f"write {limits.get('expected')}",
        "greater_than_equal": f"write a number of at least {limits.get('ge')}",
        "less_than_equal": f"write a number of at most {limits.get('le')}",
    }
    return ways.get(found["type"]) or found["msg"].removeprefix("Value error, ")


def origin(name: str) -> str:
    """Where a setting's value comes from, in words."""
    top = name.split(".", maxsplit=1)[0]
    for variable in os.environ:
        if variable.upper().split("__")[0] == f"{PREFIX}{top.upper()}":
            return f"variable {variable}"
    file = config_file()
    if file.is_file() and top in TomlConfigSettingsSource(Settings, file)():
        return f"file {file}"
    return "default"


def _refuse_unknown_variables() -> None:
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields} | {f"{PREFIX}CONFIG"}
    for variable in sorted(os.environ):
        if variable.startswith(PREFIX) and variable.split("__")[0] not in known:
            raise SettingsError(f"Variable {variable} is not a setting; known are {', '.join(sorted(known))}.")
