"""Settings: file, environment, and sentences for what cannot be used."""

import os
from pathlib import Path

import pytest

from noticewatch.errors import SettingsError
from noticewatch.settings import PREFIX, load_settings, origin
from service.commands.service import listed


@pytest.fixture(autouse=True)
def alone(monkeypatch, tmp_path):
    """A folder and an environment without settings."""
    for name in list(os.environ):
        if name.startswith(PREFIX):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def written(folder: Path, text: str) -> None:
    (folder / "noticewatch.toml").write_text(text, encoding="utf-8")


def test_without_anything_the_defaults_hold():
    settings = load_settings()
    assert settings.home == Path("data")
    assert settings.base_url == "http://127.0.0.1:8484"
    assert settings.database.startswith("sqlite:///")
    assert settings.contact is None


def test_the_environment_is_over_the_file_and_the_file_over_the_default(alone, monkeypatch):
    written(alone, 'contact = "file@example.org"\nbind = "127.0.0.1:9000"\n')
    monkeypatch.setenv("NOTICEWATCH_CONTACT", "variable@example.org")
    settings = load_settings()
    assert (settings.contact, settings.bind) == ("variable@example.org", "127.0.0.1:9000")
    assert origin("contact") == "variable NOTICEWATCH_CONTACT"
    assert origin("bind") == "file noticewatch.toml"
    assert origin("home") == "default"


def test_a_source_has_settings_of_its_own(alone, monkeypatch):
    written(alone, '[sources.sam_gov_bulk]\nschedule = "12h"\n')
    assert load_settings().sources["sam_gov_bulk"].schedule == "12h"
    monkeypatch.setenv("NOTICEWATCH_SOURCES__SAM_GOV_BULK__ENABLED", "false")
    assert load_settings().sources["sam_gov_bulk"].enabled is False


def test_an_empty_variable_sets_nothing(monkeypatch):
    monkeypatch.setenv("NOTICEWATCH_CONTACT", "")
    assert load_settings().contact is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("contcat = 'x'", r"contcat \(file noticewatch\.toml\): there is no such setting; known are .*contact"),
        ("concurrent_crawls = 0", "concurrent_crawls .*write a number of at least 1"),
        ("concurrent_crawls = 99", "concurrent_crawls .*write a number of at most 32"),
        ("concurrent_crawls = 'two'", "concurrent_crawls .*write a whole number"),
        ("search_fallback = 'maybe'", "search_fallback .*write true or false"),
        ("documents = 'some'", "documents .*write 'watchlist', 'all' or 'none'"),
        ("bind = 8485", "bind .*write text in quotation marks"),
        ("[sources.sam_gov_bulk]\nshedule = '1h'", r"sources\.sam_gov_bulk\.shedule .*known are .*key, schedule"),
        ("this is not toml", "noticewatch.toml"),
        ("public_url = 'javascript:alert(1)'", "public_url .*begins with http"),
        ("public_url = 'https://example.org/?page=1'", "public_url .*without \\? and #"),
        ("public_url = 'https://example.org/#top'", "public_url .*without \\? and #"),
        ('public_url = "https://example.org/\\n"', "public_url .*begins with http"),
        ("public_url = 'https://example.org/a b'", "public_url .*begins with http"),
        ("database_url = 'foo'", "database_url .*write sqlite"),
        ("starter = 'nowhere'", "starter .*is no folder"),
    ],
)
def test_a_bad_or_unknown_setting_is_named(alone, text, said):
    written(alone, text)
    with pytest.raises(SettingsError, match=said):
        load_settings()


def test_an_unknown_variable_is_named_with_those_there_are(monkeypatch):
    monkeypatch.setenv("NOTICEWATCH_CONTCAT", "x")
    with pytest.raises(SettingsError, match=r"NOTICEWATCH_CONTCAT is not a setting; known are .*NOTICEWATCH_CONTACT"):
        load_settings()


def test_a_named_file_that_does_not_exist_is_an_error(monkeypatch, tmp_path):
    monkeypatch.setenv("NOTICEWATCH_CONFIG", "nowhere.toml")
    with pytest.raises(SettingsError, match=r"nowhere\.toml, which does not exist"):
        load_settings()
    monkeypatch.setenv("NOTICEWATCH_CONFIG", str(tmp_path))
    with pytest.raises(SettingsError, match=r"which is no file; name a file of settings, or unset it"):
        load_settings()


@pytest.mark.skipif(not Path("/proc/self/mem").is_file(), reason="a file that nobody can read is found on Linux only")
def test_a_file_that_cannot_be_read_is_named(monkeypatch):
    monkeypatch.setenv("NOTICEWATCH_CONFIG", "/proc/self/mem")
    with pytest.raises(SettingsError, match=r"/proc/self/mem cannot be read \(.*\); make the file readable"):
        load_settings()


@pytest.mark.parametrize("bind", ["8484", "127.0.0.1", "127.0.0.1:port", "127.0.0.1:99999", ":8484"])
def test_an_address_that_is_none_says_how_one_is_written(monkeypatch, bind):
    monkeypatch.setenv("NOTICEWATCH_BIND", bind)
    with pytest.raises(SettingsError, match="write HOST:PORT, for example"):
        assert load_settings().host_and_port


def test_secrets_never_stand_in_what_is_listed(alone, monkeypatch):
    written(alone, "[sources.sam_gov_bulk]\nkey = 'hidden-key'\n")
    monkeypatch.setenv("NOTICEWATCH_ADMIN_TOKEN", "hidden-token")
    rows = listed(load_settings())
    assert "hidden" not in str(rows)
    shown = {row["name"]: row["shown"] for row in rows}
    assert shown["NOTICEWATCH_ADMIN_TOKEN"] == shown["sources.sam_gov_bulk.key"] == "********"
    assert shown["NOTICEWATCH_CONTACT"] == shown["NOTICEWATCH_ALARM_TO"] == "not set"


@pytest.mark.parametrize(
    "contact", ["me", "desk@", "@example.org", "desk@example", "ftp://example.org", "a b@example.org"]
)
def test_a_contact_that_nobody_can_write_to_is_refused(monkeypatch, contact):
    monkeypatch.setenv("NOTICEWATCH_CONTACT", contact)
    with pytest.raises(SettingsError, match=r"contact .*write an e-mail address or the address of a page"):
        load_settings()


@pytest.mark.parametrize("contact", ["desk@example.org", "https://example.org/about-our-crawler"])
def test_a_contact_is_an_e_mail_address_or_a_page(monkeypatch, contact):
    monkeypatch.setenv("NOTICEWATCH_CONTACT", contact)
    assert load_settings().contact == contact


@pytest.mark.parametrize("address", ["http://127.0.0.1:99999", "http://", "ftp://a.example", "http://[a"])
def test_an_address_that_can_be_none_is_refused(alone, address):
    written(alone, f'[sources.dhs_apfs]\nthrough = "{address}"\n')
    with pytest.raises(SettingsError, match="through"):
        load_settings()
