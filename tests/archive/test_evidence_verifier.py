"""The file that checks packs, by itself: signatures by RFC 8032, and what it says of what is no pack."""

import ast
import gzip
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.evidence import pack, verify
from crawlers.loading import load_parser
from crawlers.source import load_sources

VECTORS = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
]
"""RFC 8032, section 7.1, tests 1 to 3: secret key, public key, message, signature."""


@pytest.mark.parametrize(("secret", "public", "message", "signature"), VECTORS)
def test_signatures_of_rfc_8032_hold_and_none_that_differs_in_a_bit(secret, public, message, signature):
    key, said, signed = bytes.fromhex(public), bytes.fromhex(message), bytes.fromhex(signature)
    assert Ed25519PrivateKey.from_private_bytes(bytes.fromhex(secret)).sign(said) == signed
    assert verify.signed_by(key, said, signed)
    assert not verify.signed_by(key, said + b"\0", signed)
    for at in (0, 31, 32, 63):
        changed = bytearray(signed)
        changed[at] ^= 1
        assert not verify.signed_by(key, said, bytes(changed))
    other = (int.from_bytes(signed[32:], "little") + 2**252 + 27742317777372353535851937790883648493).to_bytes(
        32, "little"
    )
    assert not verify.signed_by(key, said, signed[:32] + other), "a second signature over the same must not hold"


@settings(max_examples=10)
@given(st.binary(min_size=32, max_size=32), st.binary(max_size=100), st.binary(min_size=64, max_size=64))
def test_it_agrees_with_the_library_that_signs(secret, message, garbage):
    key = Ed25519PrivateKey.from_private_bytes(secret)
    public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    assert verify.signed_by(public, message, key.sign(message))
    assert not verify.signed_by(public, message, garbage)


def test_it_is_written_for_python_3_9_and_imports_the_standard_library_alone():
    tree = ast.parse(pack.VERIFIER.read_text(encoding="utf-8"), feature_version=(3, 9))
    named = {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    named |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in named} <= sys.stdlib_module_names


@settings(max_examples=25)
@given(st.binary(max_size=300))
def test_garbage_gets_one_sentence(tmp_path_factory, garbage):
    path = tmp_path_factory.mktemp("garbage") / "pack.zip"
    path.write_bytes(garbage)
    with pytest.raises(verify.DoesNotHold, match=re.escape(str(path))):
        verify.check(path)


@settings(max_examples=25)
@given(st.dictionaries(st.sampled_from([verify.MANIFEST, verify.DIGEST, verify.LEAVES, "x"]), st.binary(max_size=50)))
def test_a_zip_of_garbage_gets_one_sentence(tmp_path_factory, files):
    path = tmp_path_factory.mktemp("garbage") / "pack.zip"
    with zipfile.ZipFile(path, "w") as packed:
        for name, held in files.items():
            packed.writestr(name, held)
    with pytest.raises(verify.DoesNotHold):
        verify.check(path)


@pytest.mark.parametrize("held", [None, b"", b"PK\x03\x04", b"[" * 100_000])
def test_the_command_ends_with_code_1_and_one_line(tmp_path, held):
    path = tmp_path / "pack.zip"
    if held is not None:
        path.write_bytes(held)
    command = [sys.executable, "-I", str(pack.VERIFIER), str(path)]
    done = subprocess.run(command, env={}, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (1, "", 1)
    assert done.stderr.startswith(f"DOES NOT HOLD: {path}")


def test_deeply_nested_json_gets_one_sentence(tmp_path):
    path = tmp_path / "pack.zip"
    deep = b"[" * 200_000
    digest = verify.canonical({"path": verify.MANIFEST, "hash": f"sha256:{verify.hashlib.sha256(deep).hexdigest()}"})
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr(verify.MANIFEST, deep)
        packed.writestr(verify.DIGEST, digest)
    with pytest.raises(verify.DoesNotHold, match=r"datapackage\.json cannot be read"):
        verify.check(path)


def test_a_web_archive_that_unpacks_without_end_is_refused(monkeypatch):
    monkeypatch.setattr(verify, "_MOST_BYTES", 1 << 20)
    with pytest.raises(verify.DoesNotHold, match="unpacks to more"):
        list(verify.warc_records(gzip.compress(b"WARC/1.1\r\n" + bytes(1 << 22))))


PARSERS = {name: load_parser(source) for name, source in load_sources().items()}
NOISY = {name: parser.NOISE for name, parser in PARSERS.items() if hasattr(parser, "NOISE")}


@pytest.mark.parametrize("name", sorted(NOISY))
def test_what_a_parser_cuts_may_be_cut_and_nothing_else(name):
    members = re.findall(rb"[a-z]+(?:_[a-z]+)+|excerpts", NOISY[name].pattern)
    assert members
    for member in members:
        for value in (b'"a \\" b"', b"12", b"null", b'{"count": 3}'):
            row = b'{"a": 1, "%s": %s, "b": 2}' % (member, value)
            for match in NOISY[name].finditer(row):
                assert verify.NOISE.fullmatch(match[0]), match[0]
    assert not verify.NOISE.fullmatch(b'"amount": 12')
    assert not verify.NOISE.fullmatch(b'"excerpts": "a", "amount": "12"')


def test_the_verifier_in_the_packs_is_this_file():
    assert Path(verify.__file__) == pack.VERIFIER
