"""What the API says of a capture that was thinned."""

from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from api.app import create_app
from archive import tables as t
from crawlers import thinning
from indexer.engines import open_engine
from indexer.search import Search
from tests.archive.making import open_archive
from tests.crawlers.thinned import THINNABLE, daily, filed, imported
from watchlist.dictionary import Dictionary


@pytest.mark.sqlite_suffices
def test_a_thinned_capture_says_so_and_gives_the_rows_that_are_kept(tmp_path: Path, dictionary: Dictionary) -> None:
    archive = open_archive(tmp_path / "data")
    settings = imported(archive, tmp_path).model_copy(update={"admin_token": None})
    thinning.carry_out(archive, thinning.plan(archive), lambda *_: None)
    row = filed(archive)[THINNABLE[1] - 1]
    with archive.reading() as connection:
        r = t.records.c
        kept = connection.execute(select(r.row, r.start, r.end).where(r.capture == row.number)).all()
    engine = open_engine(settings, archive)
    app = create_app(archive, Search(archive, engine, dictionary), settings, dictionary)
    with TestClient(app, raise_server_exceptions=False) as client:
        told = client.get(f"/api/v1/captures/{row.id}").json()
        assert told["thinned_at"] == row.thinned_at
        assert told["payload_sha256"] == row.payload_sha256
        for index, start, end in kept:
            answer = client.get(f"/api/v1/captures/{row.id}/records/{index}")
            assert (answer.status_code, answer.content) == (200, daily(row.number)[start:end])
        kinds = [proof["kind"] for proof in client.get(f"/api/v1/proofs/inclusion?capture={row.id}").json()["proofs"]]
        assert kinds == ["capture", "records", "thinned"]
        with archive.reading() as connection:
            s = t.sightings.c
            given_up = connection.scalar(select(s.row).where(s.capture == row.number).limit(1))
        assert given_up is not None, "a wording that was seen last in this file, and first in another"
        answer = client.get(f"/api/v1/captures/{row.id}/records/{given_up}")
        assert (answer.status_code, "was thinned on" in answer.json()["detail"]) == (404, True)
    engine.close()
    archive.close()
