"""Leaves, heads and proofs: made as things are appended, for what was held before, and checked by hand as others do."""

import hashlib
import json
import stat
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from archive import captures as filed
from archive import ledger, merkle
from archive.locks import hold
from archive.log import Derived, append_derived
from archive.proof import answers, forms, heads, keys, tree
from archive.proof.answers import NotSealed
from archive.proof.extent import extent
from archive.proof.history_check import check_histories
from archive.proof.log_check import LogCheck, check_tree
from archive.proof.tree import StoredTree, TreeDamaged
from archive.readers import drive
from archive.store import Archive
from archive.tables import captures, records
from archive.warc import Placed
from noticewatch.errors import DataFolderError, NotFound, UsageError
from noticewatch.models import EventKind, Verdict
from noticewatch.settings import Settings
from tests.archive.making import SOURCE, append, capture, reading
from tests.archive.proving import ask, check, grow, proved, tamper, uuid
from tests.house.test_rooms import ROOT

pytestmark = pytest.mark.both_databases

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


def canonical(value: Any) -> bytes:
    """Canonical JSON as docs/proof.md says it, by the standard library alone."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def recomputed(leaf: dict[str, Any], path: Sequence[str], size: int) -> str:
    """The root that a leaf and its path lead to, worked out from the text of the leaf."""
    held = hashlib.sha256(b"\x00" + leaf["data"].encode()).digest()
    place, last = leaf["index"], size - 1
    for one in path:
        beside = bytes.fromhex(one)
        if place % 2 or place == last:
            held = hashlib.sha256(b"\x01" + beside + held).digest()
            while place % 2 == 0 and place:
                place, last = place // 2, last // 2
        else:
            held = hashlib.sha256(b"\x01" + held + beside).digest()
        place, last = place // 2, last // 2
    assert last == 0
    return held.hex()


def hold_by_hand(form: dict[str, Any], key: dict[str, Any]) -> None:
    """Check a proof as a stranger does: path, root, signature, fingerprint."""
    head = dict(form["head"])
    assert recomputed(form["leaf"], form["path"], head["size"]) == head["root"]
    signature = bytes.fromhex(head.pop("signature"))
    public = bytes.fromhex(key["public_key"])
    assert hashlib.sha256(public).hexdigest() == key["fingerprint"] == head["key"]
    Ed25519PublicKey.from_public_bytes(public).verify(signature, canonical(head))


@given(
    st.integers(0, 2**40), TEXTS, st.integers(1, 99), st.lists(st.sampled_from([*EventKind]), min_size=1), TEXTS,
    st.none() | TEXTS,
)  # fmt: skip
def test_leaves_of_events_are_canonical_json(
    seq: int, notice: str, version: int, kinds: list[str], at: str, capture: str | None
):
    stated = {
        "committed_at": at, "content_sha256": "0" * 64, "kinds": kinds, "notice": notice, "seq": seq, "type": "event",
        "version": version,
    }  # fmt: skip
    held = forms.event_leaf(
        seq=seq, notice=notice, version=version, content_sha256="0" * 64, kinds=canonical(kinds).decode(),
        committed_at=at, capture=capture,
    )  # fmt: skip
    assert held == canonical(stated | ({} if capture is None else {"capture": capture}))


@given(
    st.integers(0, 2**60),
    st.integers(0, 2**60),
    st.integers(0, 2**60),
    st.integers(0, 2**60),
    st.binary(min_size=32, max_size=32),
)
def test_lines_of_records_are_canonical_json_and_survive_packing(
    record: int, row: int, start: int, end: int, digest: bytes
):
    placed = forms.Placed(record, row, start, end, digest.hex())
    assert placed.line == canonical({"end": end, "row": row, "sha256": digest.hex(), "start": start})
    assert forms.unpack(forms.pack([placed, placed])) == [placed, placed]


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(0, 700), max_size=4))
def test_the_stored_tree_is_the_tree_of_all_its_leaves(archive: Archive, sizes: list[int]):
    with archive.engine.connect() as connection:
        held = tree.size(connection)
        hashes = tree.split(StoredTree(connection).hashes(0, held)) if held else []
        for size in sizes:
            new = [merkle.leaf_hash(b"%d" % (len(hashes) + place)) for place in range(size)]
            tree.grow(connection, len(hashes), new)
            hashes += new
            stored = StoredTree(connection)
            assert stored.root_at(len(hashes)) == merkle.root(hashes)
            first = len(hashes) // 3
            assert merkle.consistency(stored.node, first, len(hashes)) == merkle.consistency(
                merkle.over(hashes), first, len(hashes)
            )
        connection.rollback()


def test_a_tree_with_a_torn_tile_takes_no_more_leaves(archive: Archive):
    append(archive, [reading("A", "a")])
    tamper(archive, "UPDATE tiles SET hashes=substr(hashes, 1, length(hashes)-32) WHERE level=0")
    with pytest.raises(TreeDamaged, match="nothing is appended"):
        append(archive, [reading("B", "b")], day=1)


def test_a_run_is_closed_though_its_tree_is_damaged_and_nothing_is_signed(archive: Archive, caplog):
    append(archive, [reading("A", "a")])
    run, before = ledger.start_run(archive, SOURCE, "import"), heads_of(archive)
    with archive.writing() as connection:
        filed.add(connection, run.number, capture(1), Placed("none.warc.gz", 0, 1))
    tamper(archive, "UPDATE tiles SET hashes=substr(hashes, 1, length(hashes)-32) WHERE level=0")
    ledger.finish_run(archive, run, Verdict.COMPLETE)
    assert ask(archive, "SELECT verdict FROM runs WHERE number=?", run.number) == "complete"
    assert heads_of(archive) == before
    assert "No head was signed" in caplog.text


def test_every_capture_record_and_event_has_its_leaf_and_a_head_covers_it(tmp_path: Path):
    with proved(tmp_path / "data") as archive, archive.reading() as connection:
        key = answers.key_form(connection, archive.signer.fingerprint)
        for seq in range(1, ask(archive, "SELECT max(seq) FROM events") + 1):
            form = answers.of_event(connection, seq).form()
            hold_by_hand(form, key)
            assert json.loads(form["leaf"]["data"])["seq"] == seq
        for capture in connection.scalars(select(captures.c.id)).all():
            kinds = [proof.kind for proof in answers.of_capture(connection, capture)]
            assert kinds == ["capture", "records"]
            for proof in answers.of_capture(connection, capture):
                hold_by_hand(proof.form(), key)
        rows = connection.execute(select(records.c.row, records.c.sha256, captures.c.id).join(captures)).all()
        for row, sha256, capture in rows:
            record = answers.of_record(connection, capture, row).form()
            hold_by_hand(record["records"], key)
            root = json.loads(record["records"]["leaf"]["data"])["root"]
            assert recomputed(record["leaf"], record["path"], record["size"]) == root
            assert json.loads(record["leaf"]["data"])["sha256"] == sha256


def test_the_leaf_of_a_capture_says_what_is_known_of_it(tmp_path: Path):
    with proved(tmp_path / "data") as archive, archive.reading() as connection:
        row = connection.execute(select(captures).limit(1)).mappings().one()
        said = json.loads(answers.of_capture(connection, row["id"])[0].data)
        assert said.pop("type") == "capture"
        assert said.pop("gaps") == json.loads(row["gaps"])
        assert said == {name: row[name] for name in said}
        assert {"id", "url", "fetched_at", "payload_sha256", "origin", "recorder", "source"} <= said.keys()
        assert "warc_file" not in said


def test_no_leaf_holds_content(archive: Archive):
    append(archive, [reading("A", "a very telling title")])
    append(archive, [reading("A", "a much changed title")], day=1)
    with archive.reading() as connection:
        said = [answers.of_event(connection, seq).data for seq in (1, 2)]
    assert not any(b"title" in data for data in said)


def test_derived_events_have_leaves_too(archive: Archive):
    append(archive, [reading("A", "a"), reading("B", "b")])
    with archive.writing() as connection:
        append_derived(connection, [Derived(number, EventKind.RETAGGED, []) for number in (2, 1)])
    with archive.reading() as connection, pytest.raises(NotSealed, match="No signed head covers event 3 yet"):
        answers.of_event(connection, 3)
    append(archive, [reading("C", "c")], day=1)
    with archive.reading() as connection:
        said = json.loads(answers.of_event(connection, 3).data)
    assert (said["kinds"], said["seq"], "capture" in said) == (["retagged"], 3, False)
    assert log_holds(archive)


def test_what_readers_append_is_sealed_when_they_are_done_and_no_run_is_open(archive: Archive):
    class Finding:
        name = "finding"
        left = 1

        def advance(self, held: Archive) -> bool:
            found, self.left = self.left, 0
            with held.writing() as connection:
                append_derived(connection, [Derived(1, EventKind.RETAGGED, [])] * found)
            return found > 0

    append(archive, [reading("A", "a")])
    run, before = ledger.start_run(archive, SOURCE, "crawl"), heads_of(archive)
    drive(archive, [Finding()])
    assert heads_of(archive) == before
    ledger.finish_run(archive, run, Verdict.NOT_STARTED)
    drive(archive, [Finding()])
    assert len(heads_of(archive)) == len(before) + 2
    assert (heads_of(archive)[-2].run, heads_of(archive)[-1].run) == (run.id, None)
    drive(archive, [])
    assert len(heads_of(archive)) == len(before) + 2


def log_holds(archive: Archive) -> bool:
    """Whether the log holds of an archive whose captures stand in no WARC file."""
    with archive.reading() as connection:
        end = extent(connection)
    LogCheck(archive, 0, end).run(lambda _: None)
    check_histories(archive, 0, end.events)
    check_tree(archive, 0, end.leaves)
    return True


def test_records_that_an_older_observation_moves_or_splits_are_proved_where_they_stand(archive: Archive):
    append(archive, [reading("A", "first")], day=5)
    append(archive, [reading("A", "first")], day=9)
    append(archive, [reading("A", "first")], day=1)  # the same wording earlier: the record moves
    append(archive, [reading("A", "other")], day=7)  # another in between: the interval is split
    append(archive, [reading("A", "first", sha256="f" * 64)], day=7, parser_version=2, kind="reparse")
    moved = ask(archive, "SELECT count(*) FROM leaves WHERE kind='records'")
    assert moved >= 4
    assert log_holds(archive)


def test_a_run_that_died_is_sealed_when_the_next_one_closes_it(archive: Archive):
    with hold(archive, SOURCE):
        run = ledger.start_run(archive, SOURCE, "crawl")
    with archive.writing() as connection:
        filed.add(connection, run.number, capture(1), Placed("none.warc.gz", 0, 1))
    before = heads_of(archive)
    ledger._alive.discard(run.id)  # as if its process had ended
    assert ledger.close_dead_runs(archive) == 1
    after = heads_of(archive)
    assert len(after) == len(before) + 1
    assert after[-1].run == run.id
    with archive.reading() as connection:
        assert after[-1].size == tree.size(connection)


def test_a_run_that_brought_nothing_signs_no_second_head(archive: Archive):
    append(archive, [reading("A", "a")])
    before = heads_of(archive)
    ledger.finish_run(archive, ledger.start_run(archive, SOURCE, "crawl"), Verdict.NOT_STARTED)
    assert heads_of(archive) == before


def heads_of(archive: Archive) -> list[forms.Head]:
    return [head for _, head in heads.all_heads(archive)]


def test_consistency_is_proved_between_all_sizes(archive: Archive):
    append(archive, [reading(f"A{number}", "a") for number in range(10)])
    with archive.reading() as connection:
        held = tree.size(connection)
        for first in range(held + 1):
            for second in range(first, held + 1):
                shown = answers.consistency(connection, first, second)
                assert merkle.consistent(first, second, shown.first_root, shown.second_root, shown.path)
        for first, second in ((0, held + 1), (3, 2), (-1, 2)):
            with pytest.raises(UsageError, match=f"The tree has {held} leaves"):
                answers.consistency(connection, first, second)


def test_what_is_not_held_has_no_proof(archive: Archive):
    with archive.reading() as connection:
        for ask_for in (
            lambda: answers.of_event(connection, 1),
            lambda: answers.of_capture(connection, "none"),
            lambda: answers.of_record(connection, "none", 0),
        ):
            with pytest.raises(NotFound):
                ask_for()


def test_a_row_that_merely_repeats_another_leads_to_the_one_that_has_a_proof(archive: Archive):
    append(archive, [reading("A", "a", index=3)], day=0)
    append(archive, [reading("A", "a", index=5)], day=1)
    with archive.reading() as connection:
        with pytest.raises(NotFound) as told:
            answers.of_record(connection, capture(1).id, 5)
        assert str(told.value) == (
            f"Row 5 of capture {capture(1).id} says what row 3 of capture {capture(0).id} said before; ask for that."
        )
        with pytest.raises(NotFound, match="No record was read from row 4"):
            answers.of_record(connection, capture(1).id, 4)


def test_the_key_is_made_once_for_its_user_alone_and_never_overwritten(tmp_path: Path):
    made = keys.signer(tmp_path)
    file = tmp_path / "keys" / keys.NAME
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert keys.signer(tmp_path).public == made.public
    assert [path.name for path in file.parent.iterdir()] == [keys.NAME]
    file.write_bytes(b"no key")
    with pytest.raises(DataFolderError, match="holds no Ed25519 key"):
        keys.signer(tmp_path)
    assert file.read_bytes() == b"no key"


def test_two_processes_at_once_make_one_key(tmp_path: Path):
    begin, found = threading.Barrier(8), []

    def make() -> None:
        begin.wait()
        found.append(keys.signer(tmp_path).public)

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1


def test_a_new_key_is_named_by_the_tree_before_it_signs(tmp_path: Path):
    with proved(tmp_path / "data") as archive:
        first = archive.signer.fingerprint
        (archive.folder / "keys" / keys.NAME).unlink()
    with proved(tmp_path / "data") as archive:
        grow(archive, 3)
        assert archive.signer.fingerprint != first
        assert heads_of(archive)[-1].key == archive.signer.fingerprint
        with archive.reading() as connection:
            assert list(heads.keys(connection)) == [first, archive.signer.fingerprint]
        check(archive)


def test_the_file_of_heads_is_brought_up_whatever_was_left_of_it(archive: Archive):
    for day in range(3):
        append(archive, [reading("A", f"{day}")], day=day)
    file = heads.file_of(archive)
    whole = file.read_bytes()
    assert whole.splitlines(keepends=True) == [head.line for head in heads_of(archive)]
    for left in (b"", whole[:100], whole[:-1], whole[: whole.index(b"\n") + 1], whole):
        file.write_bytes(left)
        heads.export(archive)
        assert file.read_bytes() == whole
    file.unlink()
    heads.export(archive)
    assert file.read_bytes() == whole


_APPENDER = """
import sys
from pathlib import Path
from tests.archive.proving import grow, proved
with proved(Path(sys.argv[1])) as archive:
    for day in range(int(sys.argv[2]), 10_000):
        grow(archive, 3 + day, [f"{name} {day}" for name in "ABCDEFGH"])
        print(day, flush=True)
"""


def test_what_a_killed_process_has_appended_holds(tmp_path: Path):
    folder, day = tmp_path / "data", 0
    with proved(folder):
        pass
    for _ in range(5):
        command = [sys.executable, "-c", _APPENDER, str(folder), str(day)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT)
        assert process.stdout is not None
        for _ in range(3):
            day = int(process.stdout.readline()) + 1
        process.kill()
        process.wait()
        rest = process.stdout.read().split()
        day = int(rest[-1]) + 1 if rest and rest[-1].isdigit() else day
        with proved(folder) as archive:
            ledger.close_dead_runs(archive)
            found = check(archive)
            assert heads_of(archive)[-1].size == found.leaves
        day += 1


def test_verification_and_appends_go_on_beside_each_other(tmp_path: Path):
    with proved(tmp_path / "data") as archive:
        done, found = threading.Event(), [check(archive).leaves]

        def go_on() -> None:
            other = Archive.open(Settings(home=archive.folder))
            try:
                for day in range(12):  # later days first: every append moves records to earlier captures
                    grow(other, 40 - day, ["the same"] * 5 if day % 2 else [f"{day} {name}" for name in "ABCDE"])
            finally:
                other.close()
                done.set()

        thread = threading.Thread(target=go_on)
        thread.start()
        while not done.is_set():
            found.append(check(archive).leaves)
        thread.join()
        assert check(archive).leaves > found[0]
        assert found == sorted(found)


def test_ids_of_made_captures_sort_by_day():
    assert uuid(1) < uuid(2)
