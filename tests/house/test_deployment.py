"""Files for containers and CI hold what they promise, as far as can be seen without a container engine."""

import os
import re
import tomllib

import yaml

from noticewatch.settings import Settings
from tests.house.test_rooms import ROOT


def test_the_compose_file_runs_one_server_without_rights_it_does_not_need():
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    assert set(compose) <= {"services", "volumes", "networks", "configs", "secrets", "name"}
    (server,) = compose["services"].values()
    assert server["build"] == "."
    assert server["user"].split(":")[0] not in {"", "0", "root"}
    assert server["read_only"] is True
    assert server["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in server["security_opt"]
    assert server["healthcheck"]["test"][0] == "CMD"
    mounted = [mount.partition(":")[0] for mount in server["volumes"]]
    assert mounted == list(compose["volumes"])
    assert all(published.startswith("${PUBLISH:-127.0.0.1:") for published in server["ports"])


def test_the_compose_file_sets_only_settings_that_there_are():
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    named = [name for server in compose["services"].values() for name in server["environment"]]
    named += re.findall(r"\b(NOTICEWATCH_[A-Z_]+)=", dockerfile)
    assert {name.removeprefix("NOTICEWATCH_").lower() for name in named} <= set(Settings.model_fields)


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
    assert text.rstrip().endswith("make lint\nmake test REQUIRE=browser,postgresql")


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
