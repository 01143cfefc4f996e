"""What docs/alerts.md says of saving and managing searches, done as it stands there."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient

from api.routes.searches import ACTIONS
from api.saving import Given
from archive.store import Archive
from tests.api.alerting import API, desk, states

DOCUMENT = (Path(__file__).parents[2] / "docs" / "alerts.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^    (curl .*(?:\n      .*)*(?:\n    \}')?)$", DOCUMENT, re.MULTILINE)
TOKEN = "operator"


@pytest.fixture
def both(tmp_path: Path) -> Iterator[tuple[TestClient, Archive]]:
    with desk(tmp_path / "data", admin_token=TOKEN) as held:
        yield held


def run(client: TestClient, example: str, **variables: str) -> httpx.Response:
    """Send what a curl command of the document sends."""
    for name, value in variables.items():
        example = example.replace(f"${name}", value)
    words = iter(shlex.split(example)[1:])
    given: dict[str, Any] = {"method": "GET", "headers": {}}
    for word in words:
        if word == "-X":
            given["method"] = next(words)
        elif word == "-H":
            name, _, value = next(words).partition(": ")
            given["headers"][name] = value
        elif word == "-d":
            given |= {"content": next(words), "method": "POST" if given["method"] == "GET" else given["method"]}
        else:
            assert word.startswith("http://127.0.0.1:8484/")
            given["url"] = word.removeprefix("http://127.0.0.1:8484")
    return client.request(**given)


def test_every_example_does_what_the_document_says(both: tuple[TestClient, Archive]) -> None:
    client, archive = both
    saving, preview, change, delete, operator = EXAMPLES
    saved = run(client, saving)
    assert saved.status_code == 201
    form = saved.json()
    assert (form["filters"], form["reasons"], form["zone"]) == (
        {"buyer": ["ICE"]},
        ["new", "amended"],
        "America/New_York",
    )
    assert run(client, preview).json()["query"]["understood"] == "fivecast"
    token = form["api_url"].rpartition("/")[2]
    changed = run(client, change, TOKEN=token).json()
    assert (changed["rhythm"], changed["reasons"], changed["query"]) == ("at_once", ["new", "gone"], '"social media"')
    assert run(client, operator, NOTICEWATCH_ADMIN_TOKEN=TOKEN).json()["searches"] == 1
    assert run(client, delete, TOKEN=token).status_code == 204
    assert states(archive) == []


def test_every_member_of_a_search_is_documented_with_its_default(both: tuple[TestClient, Archive]) -> None:
    table = DOCUMENT.partition("| member | means |")[2].partition("\n\n")[0]
    named = {
        name for cell in re.findall(r"^\| ([^|]+) \|", table, re.MULTILINE) for name in re.findall(r"`(\w+)`", cell)
    }
    assert named == {field.alias or name for name, field in Given.model_fields.items()}
    assert all(
        f"`{default}`" in table for default in ('["alert"]', '["new"]', "[7]", "at_once", "08:00", "monday", "UTC")
    )


def test_every_request_of_the_table_is_there_and_every_other_one_in_it(both: tuple[TestClient, Archive]) -> None:
    client, _ = both
    paths = client.get("/api/v1/openapi.json").json()["paths"]
    held = {
        f"{method.upper()} {path.removeprefix(API + '/{token}')}"
        for path, methods in paths.items()
        for method in methods
        if path.startswith(API + "/{token}")
    }
    table = DOCUMENT.partition("| request | does |")[2].partition("\n\n")[0]
    named = re.findall(r"`([^`]+)`", "".join(re.findall(r"^\| ([^|]+) \|", table, re.MULTILINE)))
    actions = [name for name in named if name.rpartition("/")[2] in {*ACTIONS, "confirmation"}]
    assert {name.rpartition("/")[2] for name in actions} == {*ACTIONS, "confirmation"}
    others = {name.replace(" …", " ").replace("ID", "{target_id}") for name in named if name not in actions}
    assert others | {"POST /targets/{target_id}/{action}"} == {name.strip() for name in held}


def test_the_metrics_of_the_document_are_there(both: tuple[TestClient, Archive]) -> None:
    client, _ = both
    told = client.get("/metrics").text
    named = re.findall(r"`(noticewatch_alerts_\w+)`", DOCUMENT)
    assert named
    assert not [name for name in named if f"# TYPE {name} gauge" not in told]
