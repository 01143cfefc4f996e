"""Certificates made for a test: an authority, and servers that it speaks for or not."""

import ipaddress
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _certificate(
    subject: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: str,
    signer: ec.EllipticCurvePrivateKey,
    days: int,
    *,
    ca: bool,
) -> x509.Certificate:
    now = datetime.now(UTC)
    addresses = x509.SubjectAlternativeName(
        [x509.IPAddress(ipaddress.ip_address(subject)) if subject[0].isdigit() else x509.DNSName(subject)]
    )
    begun = x509.CertificateBuilder().subject_name(_name(subject)).issuer_name(_name(issuer))
    dated = begun.not_valid_before(now - timedelta(days=30)).not_valid_after(now + timedelta(days=days))
    named = dated.public_key(key.public_key()).serial_number(x509.random_serial_number())
    said = named.add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    said = said if ca else said.add_extension(addresses, critical=False)
    return said.sign(signer, hashes.SHA256())


class Authority:
    """Signs servers' certificates; its own stands in ``file``, for the variable SSL_CERT_FILE."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._key = folder, ec.generate_private_key(ec.SECP256R1())
        own = _certificate("authority.example", self._key, "authority.example", self._key, 30, ca=True)
        self.file = folder / "authority.pem"
        self.file.write_bytes(own.public_bytes(serialization.Encoding.PEM))

    def server(self, subject: str, days: int = 30) -> ssl.SSLContext:
        """A server's side of TLS, with a certificate for a host; ``days``: for which it is valid from now on."""
        key = ec.generate_private_key(ec.SECP256R1())
        signed = _certificate(subject, key, "authority.example", self._key, days, ca=False)
        file = self._folder / f"{subject}.pem"
        plain = serialization.NoEncryption()
        private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
        file.write_bytes(private + signed.public_bytes(serialization.Encoding.PEM))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context
