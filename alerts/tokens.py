"""Tokens in the links of messages: made again from a key of this data folder, held in the database as hashes alone."""

import base64
import hashlib
import hmac
import os
import secrets
import tempfile
from pathlib import Path
from typing import Final, Literal, TypeAlias

from filelock import FileLock
from sqlalchemy import Connection, select

from alerts.tables import alert_tokens
from noticewatch.database import insert_many
from noticewatch.errors import DataFolderError

Purpose: TypeAlias = Literal["manage", "confirm", "unsubscribe"]
_NAME: Final = "alerts.key"
_LENGTH: Final = 32


class Tokens:
    """Makes tokens. Whoever has the database alone can make none."""

    def __init__(self, folder: Path) -> None:
        """``folder``: the data folder. Raises DataFolderError where the key cannot be read or made."""
        self._key = _key(folder)

    def token(self, connection: Connection, purpose: Purpose, search: int, of: str, target: int | None = None) -> str:
        """The token of a search, or of one of its targets, by its id ``of``; its hash is noted where it is not yet.
        Needs a writing transaction.
        """
        digest = hmac.digest(self._key, f"{purpose}:{of}".encode(), hashlib.sha256)
        token = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        row = {"sha256": hashed(token), "purpose": purpose, "search": search, "target": target}
        insert_many(connection, alert_tokens, [row], new=True)
        return token


def hashed(token: str) -> str:
    """What is held of a token."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def holder(connection: Connection, purpose: Purpose, token: str) -> tuple[int, int | None] | None:
    """Numbers of the search and the target that a token is for; None where it is for none."""
    a = alert_tokens.c
    row = connection.execute(select(a.search, a.target).where(a.sha256 == hashed(token), a.purpose == purpose)).first()
    return (row.search, row.target) if row else None


def _key(folder: Path) -> bytes:
    path = folder / "keys" / _NAME
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        (folder / "locks").mkdir(exist_ok=True)
        with FileLock(folder / "locks" / "key.lock"):  # of two processes at once, the first one's key stays
            if not path.exists():
                _make(path)
        held = path.read_bytes()
    except OSError as error:
        raise DataFolderError(
            f"The key {path} cannot be read or made ({error.strerror}); make it readable for this user alone."
        ) from error
    if len(held) != _LENGTH:
        raise DataFolderError(f"The key {path} is broken; delete it, and links that were sent before still work.")
    return held


def _make(path: Path) -> None:
    """Write a new key whole or not at all. The caller holds the lock."""
    handle, name = tempfile.mkstemp(".part", dir=path.parent)  # readable for this user alone from its birth
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(_LENGTH))
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
