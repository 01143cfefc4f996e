"""The key that signs heads: Ed25519, in ``HOME/keys``, made at the first start and never overwritten."""

import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from filelock import FileLock

from noticewatch.errors import DataFolderError

NAME: Final = "proof-ed25519.pem"


@dataclass(frozen=True, slots=True)
class Signer:
    """A key that signs. ``public``: its 32 bytes."""

    private: Ed25519PrivateKey
    public: bytes

    @property
    def fingerprint(self) -> str:
        """Name of the key."""
        return fingerprint(self.public)

    def sign(self, data: bytes) -> bytes:
        """The signature of 64 bytes."""
        return self.private.sign(data)


def fingerprint(public: bytes) -> str:
    """Name of a public key: SHA-256 of its 32 bytes, in hex."""
    return hashlib.sha256(public).hexdigest()


def is_signed(public: bytes, signature: bytes, data: bytes) -> bool:
    """Whether a signature over data is by this key."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, data)
    except (InvalidSignature, ValueError):
        return False
    return True


def signer(folder: Path) -> Signer:
    """The key of a data folder, made where there is none. Raises DataFolderError where it cannot be read or made."""
    path = folder / "keys" / NAME
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        (folder / "locks").mkdir(exist_ok=True)
        with FileLock(folder / "locks" / "key.lock"):  # of two processes at once, the first one's key stays
            if not path.exists():
                _make(path)
        held = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except OSError as error:
        raise DataFolderError(
            f"The key {path} cannot be read or made ({error.strerror}); make it readable for this user alone."
        ) from error
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise DataFolderError(_broken(path)) from error
    if not isinstance(held, Ed25519PrivateKey):
        raise DataFolderError(_broken(path))
    public = held.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return Signer(held, public)


def _make(path: Path) -> None:
    """Write a new key whole or not at all. The caller holds the lock."""
    pem = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    handle, name = tempfile.mkstemp(".part", dir=path.parent)  # readable for this user alone from its birth
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _broken(path: Path) -> str:
    return (
        f"{path} holds no Ed25519 key; put the backed-up key in its place, "
        "or move the file away and a new key is made, under which later heads are signed."
    )
