"""Files for containers and CI hold what they promise, as far as can be seen without a container engine."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from noticewatch.settings import Settings
from tests.house.test_rooms import ROOT


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    read = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    assert isinstance(read, dict)
    return read


def test_the_compose_file_is_one_by_the_schema_of_the_specification():
    program = Path(sys.executable).with_name("check-jsonschema")
    command = [program, "--builtin-schema", "vendor.compose-spec", "docker-compose.yml"]
    checked = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout


def test_no_service_has_rights_or_a_name_that_it_does_not_need(compose):
    assert {"postgresql", "elasticsearch", "server", "scheduler"} <= set(compose["services"])
    for name, service in compose["services"].items():
        assert service["user"].split(":")[0] not in {"", "0", "root"}, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service.get("read_only") or name == "elasticsearch"
        assert service["healthcheck"].get("test") or name == "starter"
        mounted = {mount.partition(":")[0] for mount in service["volumes"]}
        assert mounted <= set(compose["volumes"])
        if "build" in service:
            assert service["build"] == "."
        else:
            assert re.fullmatch(r"[a-z]+:\d+\.\d+[\w.-]*", service["image"]), "a pinned tag"


def test_only_the_pages_are_published_and_only_on_loopback(compose):
    published = {name: service["ports"] for name, service in compose["services"].items() if "ports" in service}
    assert published == {"server": ["${PUBLISH:-127.0.0.1:8484}:8484"]}
    assert compose["networks"]["inside"]["internal"] is True
    assert all(compose["services"][name]["networks"] == ["inside"] for name in ("postgresql", "elasticsearch"))


def test_no_password_stands_in_the_compose_file(compose):
    for service in compose["services"].values():
        for name, value in service["environment"].items():
            if "PASSWORD" in name or ("://" in value and "@" in value):
                assert re.search(r"\$\{[A-Z_]+:\?[^}]+\}", value), name


def test_the_compose_file_sets_only_settings_that_there_are(compose):
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    named = [name for service in compose["services"].values() for name in service["environment"]]
    named += re.findall(r"\b(NOTICEWATCH_[A-Z_]+)=", dockerfile)
    ours = {name.removeprefix("NOTICEWATCH_").lower() for name in named if name.startswith("NOTICEWATCH_")}
    assert ours <= set(Settings.model_fields)


def test_the_image_is_pinned_installs_by_hash_and_does_not_run_as_root():
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert re.search(r"^FROM python:3\.\d+\.\d+-slim-\w+$", text, re.MULTILINE)
    assert "--require-hashes -r requirements/run.txt" in text
    assert re.search(r"^USER (?!root)\w+$", text, re.MULTILINE)


def test_ci_lints_and_runs_the_test_command_of_the_readme():
    file = ROOT / ".ci" / "run"
    text = file.read_text(encoding="utf-8")
    assert os.access(file, os.X_OK)
    assert "set -euo pipefail" in text
    assert text.rstrip().endswith("\nmake test REQUIRE=browser,postgresql,elasticsearch")
    assert "\nmake lint\n" in text
    assert "\nexport NOTICEWATCH_FAULT_STEP=1 NOTICEWATCH_KILLS=10\n" in text, "every fault on every source"


def test_the_licence_is_the_one_that_the_project_states():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["license"] == "Apache-2.0"
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "Apache License" in text
    assert "END OF TERMS AND CONDITIONS" in text


def test_commit_hooks_run_the_checks_of_make_lint():
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    assert {hook["id"] for repo in hooks["repos"] for hook in repo["hooks"]} == {
        "ruff", "ruff-format", "mypy", "lint-imports",
    }  # fmt: skip
