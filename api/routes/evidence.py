"""``/api/v1/notices/{id}/evidence``: the evidence pack of a notice or of one of its versions."""

import hashlib
import tempfile
from collections.abc import Iterator, Sequence
from typing import IO, Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import Response, StreamingResponse

from api.context import Context, context
from api.evidence import file_name, of_procurement, write_pack
from api.lookup import as_named, the_notice
from api.negotiation import FRESH, unchanged
from api.problems import Problem
from archive.proof.answers import NotSealed
from archive.rows import NoticeRow
from noticewatch import addresses
from noticewatch.addresses import MOST_NUMBER

router = APIRouter(prefix=addresses.API, tags=["notices"])
Given = Annotated[Context, Depends(context)]
NoticeId = Annotated[str, Path(description="a notice's id, or any number of it in any spelling")]
_BLOCK = 1 << 16
_IN_MEMORY = 1 << 22


@router.get("/notices/{notice_id:path}/evidence", summary="The evidence pack of a notice")
def evidence(
    request: Request,
    held: Given,
    notice_id: NoticeId,
    version: Annotated[int | None, Query(ge=1, le=MOST_NUMBER, description="of this version alone")] = None,
    scope: Annotated[
        Literal["notice", "procurement"], Query(description="procurement: of all notices of its contract")
    ] = "notice",
) -> Response:
    """A zip file (a WACZ too) that proves what was received, and is checked offline: see docs/evidence.md. Of one
    version it is always the same; of a whole notice, or of all notices of its contract, it holds all versions and
    documents so far.
    """
    with held.archive.reading() as connection:
        row = the_notice(connection, notice_id) if version is None else as_named(connection, notice_id)
        members: Sequence[NoticeRow] = ()
        if scope == "procurement":
            if version is not None:
                raise Problem(
                    400, "bad-request", "A pack of a contract holds all versions; leave out version or scope."
                )
            row, members = of_procurement(connection, row)
    file = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - closed when it has been sent
    try:
        write_pack(held.archive, held.settings, row, version, file, members)  # type: ignore[arg-type]  # it can be sought
    except NotSealed as error:
        file.close()
        raise Problem(404, "not-sealed", str(error)) from error
    except BaseException:
        file.close()
        raise
    return _answer(request, file, file_name(row.procurement_id if members else row.id, version))


def _answer(request: Request, file: IO[bytes], name: str) -> Response:
    digest, length = hashlib.sha256(), file.seek(0, 2) or file.tell()
    file.seek(0)
    for block in iter(lambda: file.read(_BLOCK), b""):
        digest.update(block)
    etag = f'"{digest.hexdigest()}"'
    same = unchanged(request, etag)
    if same is not None:
        file.close()
        return same
    file.seek(0)
    headers = {
        "ETag": etag, "Cache-Control": FRESH, "Content-Length": str(length), "X-Robots-Tag": "noindex, noarchive",
        "Content-Disposition": f'attachment; filename="{name}"',
    }  # fmt: skip
    return StreamingResponse(_blocks(file), headers=headers, media_type="application/zip")


def _blocks(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while block := file.read(_BLOCK):
            yield block
