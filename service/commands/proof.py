"""Commands of the proof: ``proof head``, ``proof inclusion``, ``proof consistency``, and ``verify``."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from archive.evidence import verify as pack_verifier
from archive.proof import answers
from archive.proof.answers import LeafProof
from archive.proof.forms import Head
from archive.proof.verify import DoesNotHold, Verified
from archive.proof.verify import verify as verify_archive
from noticewatch import words
from noticewatch.addresses import MOST_NUMBER
from noticewatch.errors import UsageError
from noticewatch.settings import load_settings
from service.assembly import open_archive
from service.output import Json, progress, say, say_json
from service.paths import path


def add_to(app: typer.Typer) -> None:
    """Add this room's commands."""
    app.command()(verify)
    proof = typer.Typer(
        help="Signed heads of the log, and proofs that something is in it.", no_args_is_help=True,
        context_settings={"help_option_names": ["-h", "--help"]},
    )  # fmt: skip
    proof.command("head")(head)
    proof.command("inclusion")(inclusion)
    proof.command("consistency")(consistency)
    app.add_typer(proof, name="proof")


def head(as_json: Json = False) -> None:
    """Show the latest signed head, and the key that signs.

    Example: noticewatch proof head
    """
    with open_archive(load_settings()) as archive, archive.reading() as connection:
        latest = answers.latest_head(connection)
        key = answers.key_form(connection, latest.key)
    if as_json:
        say_json({"head": latest.form(), "key": key})
        return
    say(f"Size: {latest.size:,} leaves\nRoot: {latest.root}\nSigned: {latest.signed_at}\nEpoch: {latest.epoch}")
    say(f"Run: {latest.run or 'none'}\nKey fingerprint: {latest.key}\nPublic key: {key['public_key']}")
    say(f"Signature: {latest.signature}")


def inclusion(
    capture: Annotated[str | None, typer.Option(metavar="ID", help="Id of a capture.")] = None,
    event: Annotated[
        int | None, typer.Option(metavar="SEQ", min=1, max=MOST_NUMBER, help="Number of an event of the log.")
    ] = None,
    row: Annotated[
        int | None, typer.Option(min=0, help="With --capture: prove the record that was read from this row.")
    ] = None,
    correction: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, max=MOST_NUMBER, help="Number of an entry of the log of corrections."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Prove that a capture, one of its records, an event or a correction is in the log that a signed head covers.

    Example: noticewatch proof inclusion --event 1
    """
    with open_archive(load_settings()) as archive, archive.reading() as connection:
        proofs, record, form = answers.inclusion(
            connection, capture=capture, row=row, event=event, correction=correction
        )
    if as_json:
        say_json(form)
        return
    if record is not None:
        say(f"Record {record.index + 1} of {record.size}: {record.data.decode()}")
        say("\n".join(_path(record.path)))
    say("\n".join(line for proof in proofs for line in _proof_lines(proof)))


def consistency(
    first: Annotated[int, typer.Option("--from", metavar="N", min=0, help="The smaller size.")],
    second: Annotated[int, typer.Option("--to", metavar="N", min=0, help="The larger size.")],
    as_json: Json = False,
) -> None:
    """Prove that the log of one size is the beginning of the log of another.

    Example: noticewatch proof consistency --from 1 --to 2
    """
    with open_archive(load_settings()) as archive, archive.reading() as connection:
        shown = answers.consistency(connection, first, second)
    if as_json:
        say_json(shown.form())
        return
    say(f"Size {shown.first:,}: root {shown.first_root.hex()}\nSize {shown.second:,}: root {shown.second_root.hex()}")
    say("\n".join(_path(shown.path)))


def verify(
    pack: Annotated[
        Path | None,
        typer.Argument(parser=path, metavar="[FILE]", help="An evidence pack to check, instead of the archive."),
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="Everything, not only what came since the last time.")] = False,
    mirrored: Annotated[
        Path | None,
        typer.Option("--heads", parser=path, metavar="FILE", help="Heads that somebody mirrored: all must fit."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Verify the archive against its signed heads, or an evidence pack against the head that it holds, and name the
    first thing that does not hold (exit code 7).

    Example: noticewatch verify --full
    """
    if pack is not None:
        _verify_pack(pack, others=full or mirrored is not None, as_json=as_json)
        return
    with open_archive(load_settings()) as archive, progress(quiet=as_json) as bar:
        found = verify_archive(archive, bar.show, full=full, mirrored=mirrored)
    if as_json:
        say_json(asdict(found))
        return
    say("\n".join(_verified_lines(found)))


def _verify_pack(path: Path, *, others: bool, as_json: bool) -> None:
    """Check a pack by the file that every pack holds; no archive is opened."""
    if others:
        raise UsageError("--full and --heads are of the archive; an evidence pack is always checked whole.")
    if not path.exists():
        raise UsageError(f"{path} does not exist; name an evidence pack, or nothing to verify the archive.")
    try:
        lines = pack_verifier.check(path)
    except pack_verifier.DoesNotHold as error:
        raise DoesNotHold(str(error)) from error
    if as_json:
        say_json({"file": str(path), "holds": True, "said": lines})
        return
    say("\n".join(lines))


def _verified_lines(found: Verified) -> list[str]:
    since = f", of which {found.since:,} were verified before" if found.since else ""
    lines = [
        f"Everything holds: {found.leaves:,} leaves{since}, {found.events:,} events.",
        f"Read: {words.count_words(found.captures, 'capture')} in {words.file_size(found.bytes)} of WARC files.",
        f"Checked: {words.count_words(found.heads, 'signed head')}.",
    ]
    if found.left_behind:
        lines.append(
            f"{words.count_words(found.left_behind, 'head')} of an earlier epoch cover more than this archive holds: "
            "it was restored from an older copy, and what came after that copy is not in it."
        )
    lines += [
        f"Capture {one.capture}: thinned on {one.thinned_at[:10]}, rows kept {one.rows:,}, as the log says."
        for one in found.thinned
    ]
    return [*lines, f"Root: {found.root}"]


def _proof_lines(proof: LeafProof) -> list[str]:
    return [
        f"Leaf {proof.index} ({proof.kind}): {proof.data.decode()}", *_path(proof.path), *_head_lines(proof.head),
    ]  # fmt: skip


def _path(path: Sequence[bytes]) -> list[str]:
    return [f"  path {one.hex()}" for one in path]


def _head_lines(covering: Head) -> list[str]:
    return [
        f"  head of {covering.size:,} leaves, signed {covering.signed_at} by key {covering.key}",
        f"  root {covering.root}",
    ]
