"""Verification holds what is withheld from readers, and the log of corrections, to the events of the log."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import insert

from archive import chain_corrections, takedowns
from archive.corrections import correction
from archive.documents.tables import documents
from archive.proof import answers, heads
from archive.proof.extent import DoesNotHold
from archive.proof.takedown_check import check_takedowns
from archive.store import Archive
from noticewatch.errors import NotFound, UsageError
from noticewatch.models import canonical_json
from tests.archive.documents.shelving import URL, answer
from tests.archive.grouping import SAM, sam
from tests.archive.making import append, events, head
from tests.archive.proving import ask, check, grow, named, proved, tamper
from tests.archive.test_regroup_corrections import RANKS

pytestmark = pytest.mark.both_databases

FILE = b"Statement of work"
SHA256 = hashlib.sha256(FILE).hexdigest()
GROWN = "us-action:N0"


@contextmanager
def corrected(folder: Path) -> Iterator[Archive]:
    """An archive of which a notice was taken down and restored, then one version of two, and a file."""
    with proved(folder) as archive:
        grow(archive, 500, ["First", "Second"])
        grow(archive, 501, ["First, changed", "Second"])
        with archive.writing() as connection:
            connection.execute(insert(documents).values(notice=1, url=URL, place=0, added=1))
        answer(archive, FILE)
        takedowns.take_down(archive, [GROWN], "All of it.")
        takedowns.restore(archive, [GROWN], "Only one version.")
        takedowns.take_down(archive, [f"{GROWN}@1"], "Names a person.")
        takedowns.take_down(archive, [f"sha256:{SHA256}"], "A home address.")
        check(archive)
        yield archive


def test_a_takedown_that_is_no_longer_held_is_named_with_what_readers_would_see(tmp_path: Path):
    with corrected(tmp_path / "data") as archive:
        tamper(archive, "DELETE FROM takedowns")
        said = named(archive)
        assert said.startswith(f"Version 1 of {GROWN} was taken down (event ")
        assert said.endswith("and never restored, but nothing withholds it from readers.")
        assert named(archive, full=False) == said


def test_what_is_withheld_without_an_event_is_named(tmp_path: Path):
    with corrected(tmp_path / "data") as archive:
        number = ask(archive, "SELECT number FROM notices WHERE id=?", GROWN)
        tamper(archive, "UPDATE takedowns SET version=2 WHERE notice=?", number)
        assert f"of {GROWN} " in named(archive)
        tamper(archive, "UPDATE takedowns SET version=1 WHERE notice=?", number)
        tamper(archive, "INSERT INTO takedowns (notice, version, correction) VALUES (?, 2, 3)", number)
        assert named(archive) == f"Version 2 of {GROWN} is withheld from readers, but no event says so."
        tamper(archive, "DELETE FROM takedowns WHERE version=2")
        tamper(archive, "UPDATE takedowns SET version=0 WHERE notice=?", number)
        assert named(archive) == f"Version 2 of {GROWN} is withheld from readers, but no event says so."
        tamper(archive, "UPDATE takedowns SET version=1 WHERE notice=?", number)
        tamper(archive, "INSERT INTO takedowns (notice, version, correction) VALUES (1, 0, 3)")
        assert named(archive).endswith(" is withheld from readers, but no event says so.")


def test_a_file_that_is_withheld_or_shown_against_the_log_is_named(tmp_path: Path):
    with corrected(tmp_path / "data") as archive:
        tamper(archive, "UPDATE withheld_files SET sha256=?", "0" * 64)
        assert f"(SHA-256 {SHA256}) was taken down (event " in named(archive)
        tamper(archive, "UPDATE withheld_files SET sha256=?", SHA256)
        tamper(archive, "INSERT INTO withheld_files (sha256, correction) VALUES (?, 4)", "0" * 64)
        assert named(archive) == f"The file with SHA-256 {'0' * 64} is withheld from readers, but no event says so."


@pytest.mark.parametrize(
    ("change", "value", "said"),
    [
        ("made_at=? WHERE number=3", "2020-01-01T00:00:00.000000Z", "Correction 3 is not what the events say"),
        ("concerns=? WHERE number=3", f'["{GROWN}@2"]', "Correction 3 (takedown) is not what its events say."),
        ("details=? WHERE number=4", "{}", "Correction 4 (takedown) is not what its events say."),
        ("kind=? WHERE number=2", "takedown", "Correction 2 (takedown) is not what its events say."),
        ("last_seq=last_seq-? WHERE number=1", 1, "Correction 1 (takedown) is not what its events say."),
        ("number=? WHERE number=2", 9, "Correction 2 is missing from the log of corrections."),
        ("reason=? WHERE number=3", "Another one.", "Correction 3 is not what leaf"),
        ("concerns=? WHERE number=3", "[", "Correction 3 "),
        ("details=? WHERE number=3", "[", "Correction 3 "),
        ("details=? WHERE number=3", '{"versions":[{}]}', "Correction 3 "),
        ("details=? WHERE number=3", "[]", "Correction 3 "),
        ("concerns=? WHERE number=3", "7", "Correction 3 "),
    ],
)
def test_an_entry_of_the_log_of_corrections_that_was_changed_is_named(
    tmp_path: Path, change: str, value: Any, said: str
):
    with corrected(tmp_path / "data") as archive:
        tamper(archive, f"UPDATE corrections SET {change}", value)
        assert named(archive).startswith(said)


def _named(archive: Archive) -> str:
    with pytest.raises(DoesNotHold) as told:
        check_takedowns(archive)
    return str(told.value)


def test_a_correction_that_was_removed_or_put_in_by_hand_is_named(tmp_path: Path):
    with proved(tmp_path / "data") as archive:
        append(archive, [sam("aa", 1), sam("cc", 9, name="Generator")], **SAM)
        chain_corrections.join(archive, ["sam:aa", "sam:cc"], "One purchase.", RANKS)
        check_takedowns(archive)
        columns = "kind, concerns, reason, made_at, first_seq, last_seq, details"
        tamper(archive, f"INSERT INTO corrections (number, {columns}) SELECT 2, {columns} FROM corrections")
        assert _named(archive) == "Correction 2 is not what the events say that it names."
        tamper(archive, "UPDATE corrections SET first_seq=?, last_seq=?, made_at=(SELECT committed_at FROM events "
               "WHERE seq=?) WHERE number=2", *[head(archive)] * 3)  # fmt: skip
        tamper(archive, "UPDATE corrections SET last_seq=last_seq-1 WHERE number=1")
        assert "Correction 1 is not what leaf " in _named(archive)
        tamper(archive, "DELETE FROM corrections")
        assert _named(archive) == "Correction 1 is missing from the log of corrections."


def test_corrections_of_before_they_had_leaves_get_them_once_and_those_put_in_later_do_not(tmp_path: Path):
    with corrected(tmp_path / "data") as archive:
        held = archive.folder
    with proved(held) as archive:
        leaves = ask(archive, "SELECT count(*) FROM leaves WHERE kind='correction'")
        assert leaves == 4
        columns = "kind, concerns, reason, made_at, first_seq, last_seq"
        copied = f"SELECT 5, {columns} FROM corrections WHERE number=4"
        tamper(archive, f"INSERT INTO corrections (number, {columns}) {copied}")
    with proved(held) as archive:
        assert ask(archive, "SELECT count(*) FROM leaves WHERE kind='correction'") == 4
        assert named(archive).startswith("Correction 5 ")


def test_a_correction_is_proved_by_its_number(tmp_path: Path):
    with corrected(tmp_path / "data") as archive:
        with archive.writing() as connection:
            heads.seal(connection, archive.signer)
        with archive.reading() as connection:
            proofs, _, form = answers.inclusion(connection, correction=3)
            made = correction(connection, 3)
            assert made is not None
        said = orjson.loads(proofs[0].data)
        assert said["type"] == "correction"
        assert said["reason_sha256"] == hashlib.sha256(b"Names a person.").hexdigest()
        assert (said["first_seq"], said["last_seq"]) == (made.first_seq, made.last_seq)
        assert said["details_sha256"] == hashlib.sha256(canonical_json(made.details)).hexdigest()
        assert form["correction"] == 3
        with archive.reading() as connection, pytest.raises(NotFound, match="There is no correction 9"):
            answers.inclusion(connection, correction=9)


def test_a_last_correction_that_was_removed_is_named_by_its_event(tmp_path: Path):
    with corrected(tmp_path / "data") as archive:
        takedowns.restore(archive, [f"{GROWN}@1"], "Agreed.")
        check(archive)
        tamper(archive, "DELETE FROM corrections WHERE number=5")
        assert "No correction is held to which event" in named(archive)


def test_a_notice_that_is_withheld_because_it_was_joined_to_one_has_an_event_for_each_of_its_versions(
    tmp_path: Path,
):
    with proved(tmp_path / "data") as archive:
        append(archive, [sam("aa", 1), sam("cc", 9, name="Generator")], **SAM)
        append(archive, [sam("aa", 1, name="Another title")], day=1, **SAM)
        takedowns.take_down(archive, ["sam:cc"], "Names a private person.")
        since = head(archive)
        chain_corrections.join(archive, ["sam:aa", "sam:cc"], "One purchase.", RANKS)
        told = [(one.notice_id, one.version) for one in events(archive, since) if "taken_down" in one.kinds]
        held = ask(archive, "SELECT versions FROM notices WHERE id='sam:aa'")
        assert told == [("sam:aa", version) for version in range(1, held + 1)]
        check_takedowns(archive)
        takedowns.restore(archive, ["sam:aa"], "Agreed.")
        check_takedowns(archive)


def test_a_version_read_from_a_record_that_is_withheld_already_is_not_taken_down_twice(tmp_path: Path):
    with proved(tmp_path / "data") as archive:
        grow(archive, 500, ["First"])
        shared = (
            "UPDATE versions SET record=(SELECT record FROM versions v WHERE v.notice=versions.notice AND version=1)"
        )
        grow(archive, 501, ["First, changed"])
        number = ask(archive, "SELECT number FROM notices WHERE id=?", GROWN)
        tamper(archive, f"{shared} WHERE notice=? AND version=2", number)
        takedowns.take_down(archive, [f"{GROWN}@1"], "Names a person.")
        with pytest.raises(UsageError, match="is taken down already, by correction 1"):
            takedowns.take_down(archive, [f"{GROWN}@2"], "Names a person.")
        details = orjson.loads(ask(archive, "SELECT details FROM corrections WHERE number=1"))
        assert [one["version"] for one in details["versions"]] == [1, 2]
