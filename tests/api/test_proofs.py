"""Heads and proofs over HTTP, checked by what the documents tell a stranger to do."""

import hashlib
import re
from itertools import pairwise

import orjson
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from fastapi.testclient import TestClient

from archive import merkle
from archive.store import Archive
from tests.house.test_rooms import ROOT

PROOFS = "/api/v1/proofs"


@pytest.fixture(scope="module")
def stranger() -> dict:
    """The functions that docs/proof.md tells of."""
    text = (ROOT / "docs" / "proof.md").read_text(encoding="utf-8")
    found: dict = {}
    exec(re.search(r"```python\n(.*?)```", text, re.DOTALL).group(1), found)
    return found


def test_the_head_is_signed_by_the_published_key(client: TestClient, small_archive: Archive):
    answer = client.get(f"{PROOFS}/head").json()
    head, key = answer["head"], answer["key"]
    public = bytes.fromhex(key["public_key"])
    assert hashlib.sha256(public).hexdigest() == key["fingerprint"] == head["key"] == small_archive.signer.fingerprint
    signature = bytes.fromhex(head.pop("signature"))
    Ed25519PublicKey.from_public_bytes(public).verify(signature, orjson.dumps(head, option=orjson.OPT_SORT_KEYS))
    assert head["epoch"] == small_archive.epoch


def test_everybody_can_mirror_the_heads_and_go_on_from_where_they_are(client: TestClient):
    whole = client.get(f"{PROOFS}/heads")
    assert whole.status_code == 200
    lines = whole.content.splitlines()
    assert orjson.loads(lines[-1]) == client.get(f"{PROOFS}/head").json()["head"]
    begun = len(lines[0]) + 1
    rest = client.get(f"{PROOFS}/heads", headers={"Range": f"bytes={begun}-"})
    assert (rest.status_code, rest.content) == (206, whole.content[begun:])


def test_inclusion_holds_by_the_documents(client: TestClient, stranger: dict):
    capture = client.get("/api/v1/events").json()["items"][0]["capture_id"]
    for asked in ("event=1", "event=5", f"capture={capture}"):
        answer = client.get(f"{PROOFS}/inclusion?{asked}")
        assert answer.status_code == 200
        for public, signature, signed in stranger["check"](answer.json()):
            Ed25519PublicKey.from_public_bytes(public).verify(signature, signed)
            with pytest.raises(InvalidSignature):
                Ed25519PublicKey.from_public_bytes(public).verify(signature, signed + b" ")
    broken = answer.json()
    broken["proofs"][0]["leaf"]["data"] += " "
    with pytest.raises(AssertionError, match="not in this tree"):
        list(stranger["check"](broken))


def test_a_record_is_proved_up_to_the_head_with_the_hash_of_its_archived_bytes(client: TestClient, stranger: dict):
    events = client.get("/api/v1/events").json()["items"]
    capture = next(event["capture_id"] for event in events if event["notice_id"].startswith("sam:"))
    record = client.get(f"{PROOFS}/inclusion?capture={capture}&row=1").json()["record"]
    root = stranger["root_of"](record["leaf"], record["path"], record["size"])
    assert orjson.loads(record["records"]["leaf"]["data"])["root"] == root
    held, head = record["records"], record["records"]["head"]
    assert stranger["root_of"](held["leaf"], held["path"], head["size"]) == head["root"]
    body = client.get(f"/api/v1/captures/{capture}/records/1").content
    assert orjson.loads(record["leaf"]["data"])["sha256"] == hashlib.sha256(body).hexdigest()


def test_consistency_is_proved_between_heads(client: TestClient):
    heads = [orjson.loads(line) for line in client.get(f"{PROOFS}/heads").content.splitlines()]
    for first, second in pairwise(heads):
        shown = client.get(f"{PROOFS}/consistency?from={first['size']}&to={second['size']}").json()
        assert (shown["from"]["root"], shown["to"]["root"]) == (first["root"], second["root"])
        roots = [bytes.fromhex(head["root"]) for head in (first, second)]
        path = [bytes.fromhex(one) for one in shown["path"]]
        assert merkle.consistent(first["size"], second["size"], *roots, path)


@pytest.mark.parametrize(
    ("asked", "status", "said"),
    [
        ("inclusion", 400, "Name one thing"),
        ("inclusion?event=1&capture=x", 400, "Name one thing"),
        ("inclusion?row=1", 400, "Name one thing"),
        ("inclusion?event=0", 400, "event"),
        ("inclusion?event=x", 400, "event"),
        ("inclusion?event=999999999", 404, "No event 999999999 is held"),
        ("inclusion?capture=none", 404, "No capture 'none' is held"),
        ("inclusion?capture=none&row=3", 404, "No record was read from row 3"),
        ("consistency?from=2&to=1", 400, "the smaller one first"),
        ("consistency?from=1&to=999999999", 400, "name two sizes up to that"),
        ("consistency?from=1", 400, "to"),
        ("consistency?from=1&to=99999999999999999999", 400, "to"),
        ("nothing", 404, "there are head, heads, inclusion and consistency"),
    ],
)
def test_what_cannot_be_proved_is_a_problem_with_one_sentence(client: TestClient, asked: str, status: int, said: str):
    answer = client.get(f"{PROOFS}/{asked}")
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert said in answer.json()["detail"]


def test_the_fingerprint_stands_on_the_about_page(client: TestClient, small_archive: Archive):
    assert small_archive.signer.fingerprint in client.get("/about").text
    assert client.get("/about.json").json()["head"]["key"] == small_archive.signer.fingerprint


def test_an_unchanged_proof_is_not_sent_twice(client: TestClient):
    first = client.get(f"{PROOFS}/inclusion?event=1")
    again = client.get(f"{PROOFS}/inclusion?event=1", headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304
