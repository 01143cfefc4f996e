"""What readers get in the place of what was taken down: the reason, the correction, and the hash. Pure functions."""

from typing import Any

from archive.rows import NoticeRow, VersionRow
from archive.withheld import Tombstone, Withheld
from noticewatch import addresses


def stone_form(stone: Tombstone) -> dict[str, Any]:
    """A tombstone in JSON."""
    return {
        "correction": stone.correction,
        "correction_url": addresses.correction(stone.correction),
        "reason": stone.reason,
        "since": stone.since.isoformat(timespec="seconds").replace("+00:00", "Z"),
    }


def form_of(stone: Tombstone | None) -> dict[str, Any]:
    """The member ``taken_down`` of a form; nothing where nothing is withheld."""
    return {"taken_down": stone_form(stone)} if stone else {}


def shown(row: NoticeRow) -> NoticeRow:
    """The notice, to be shown in its current version. Raises Withheld where that was taken down."""
    if row.tombstone is None:
        return row
    raise Withheld(
        row.id if row.tombstone.whole else f"{row.id}, version {row.version},", row.tombstone, notice_id=row.id,
        version=row.version, content_sha256=row.content_sha256,
        versions_url=f"{addresses.notice_api(row.id)}/versions",
        captures_url=f"{addresses.notice_api(row.id)}/captures", evidence_url=addresses.evidence(row.id),
    )  # fmt: skip


def shown_version(notice_id: str, version: VersionRow) -> VersionRow:
    """The version, to be shown. Raises Withheld where it was taken down."""
    if version.tombstone is None:
        return version
    raise Withheld(
        f"{notice_id}, version {version.version},", version.tombstone, notice_id=notice_id, version=version.version,
        content_sha256=version.content_sha256, evidence_url=addresses.evidence(notice_id, version.version),
    )  # fmt: skip
