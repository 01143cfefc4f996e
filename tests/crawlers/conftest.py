"""An archive, two tiny sources, and recordings of them."""

import hashlib
import io
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from archive.store import Archive
from archive.warc import WarcWriter
from crawlers.source import Source, read_source
from noticewatch.identifiers import new_id
from noticewatch.models import Capture, Origin
from noticewatch.settings import Settings
from tests.databases import settings_at

HERE = Path(__file__).parent
ADDRESS = "http://127.0.0.1:9/"
DAY = datetime(2026, 8, 20, 12, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_at(tmp_path / "home", contact="test@example.org")


@pytest.fixture
def archive(settings: Settings) -> Iterator[Archive]:
    opened = Archive.open(settings)
    yield opened
    opened.close()


@pytest.fixture
def tiny_list() -> Source:
    return read_source(HERE / "tiny_list")


@pytest.fixture
def tiny_file() -> Source:
    return read_source(HERE / "tiny_file")


class Recorder:
    """Writes recordings: one WARC file of answers."""

    def __init__(self, path: Path, source: str, at: datetime = DAY) -> None:
        self.path, self.source, self.at = path, source, at
        path.parent.mkdir(parents=True, exist_ok=True)
        self.writer = WarcWriter(path.parent, "unused", name=path.name)

    def add(self, payload: bytes, address: str, body: Any = None, **facts: Any) -> None:
        text = orjson.dumps(body).decode() if body is not None else None
        capture = Capture(
            id=new_id(), source=self.source, method="POST" if text else "GET", url=address, request_body=text,
            status=facts.pop("status", 200), media_type=facts.pop("media_type", "application/json"),
            fetched_at=facts.pop("at", self.at), payload_sha256=hashlib.sha256(payload).hexdigest(),
            payload_length=len(payload), origin=Origin.REBUILT, recorder="a test", **facts,
        )  # fmt: skip
        self.writer.write(capture, (), (), io.BytesIO(payload))

    def page(self, day: str, page: int, titles: dict[str, str] | list[tuple[str, str]], **facts: Any) -> None:
        more = facts.pop("more", False)
        self.add(page_of(titles, more=more), ADDRESS + "list", {"day": day, "page": page}, **facts)

    def close(self) -> Path:
        self.writer.close()
        return self.path


def page_of(titles: dict[str, str] | list[tuple[str, str]], *, more: bool = False) -> bytes:
    pairs = titles.items() if isinstance(titles, dict) else titles
    results = [{"id": number, "title": title} for number, title in pairs]
    return orjson.dumps({"results": results, "page_metadata": {"hasNext": more}})
