"""Commands that run the service: ``run``, ``serve``, ``schedule``, and the settings they rest on."""

from typing import Any

import typer
from pydantic import SecretStr

from noticewatch.settings import PREFIX, Settings, load_settings, masked_hosts, masked_url, origin
from service.output import Field, Json, say_json, say_table


def add_to(app: typer.Typer) -> None:
    """Add this room's commands."""
    app.command()(run)
    app.command()(serve)
    app.command()(schedule)
    app.command()(settings)


def run(as_json: Json = False) -> None:
    """Serve the pages, load the starter archive on the first start, and crawl on schedule, until Ctrl-C.

    Example: noticewatch run
    """
    from service.run import run as run_service  # noqa: PLC0415 - the whole house is loaded only where it is needed

    run_service(load_settings())
    _ended(as_json)


def serve(as_json: Json = False) -> None:
    """Serve the pages and keep the index at the head of the log, without crawling, until Ctrl-C.

    Example: NOTICEWATCH_BIND=0.0.0.0:8080 noticewatch serve
    """
    from service.run import serve as serve_only  # noqa: PLC0415 - as above

    serve_only(load_settings())
    _ended(as_json)


def schedule(as_json: Json = False) -> None:
    """Crawl each source at its interval, without serving, until Ctrl-C.

    Example: NOTICEWATCH_CONTACT=desk@example.org noticewatch schedule
    """
    from service.run import schedule as schedule_only  # noqa: PLC0415 - as above

    schedule_only(load_settings())
    _ended(as_json)


def settings(as_json: Json = False) -> None:
    """List all settings with their value and where it comes from; secrets are masked.

    Example: noticewatch settings --json
    """
    rows = listed(load_settings())
    if as_json:
        say_json(rows)
        return
    fields = (Field("setting"), Field("value", share=2), Field("from"), Field("meaning", share=3))
    say_table(fields, [(row["name"], row["shown"], row["origin"], row["meaning"]) for row in rows])


def listed(held: Settings) -> list[dict[str, Any]]:
    """Every setting by its variable's name, with value, origin and meaning; secrets as ``********``."""
    rows = [
        _row(f"{PREFIX}{name.upper()}", name, getattr(held, name), field.description or "")
        for name, field in type(held).model_fields.items()
        if name != "sources"
    ]
    for source, values in sorted(held.sources.items()):
        for name, field in type(values).model_fields.items():
            if name in values.model_fields_set:
                rows.append(_row(f"sources.{source}.{name}", "sources", getattr(values, name), field.description or ""))
    return rows


def _row(shown_name: str, name: str, value: Any, meaning: str) -> dict[str, Any]:
    masked = "********" if isinstance(value, SecretStr) else value
    if name == "database_url" and value is not None:
        masked = masked_url(value)
    if name == "search_url" and value is not None:
        masked = masked_hosts(value)
    return {
        "name": shown_name,
        "value": masked,
        "shown": "not set" if masked in {None, ""} else str(masked),
        "origin": origin(name),
        "meaning": meaning,
    }


def _ended(as_json: bool) -> None:
    if as_json:
        say_json({"ended": "stopped"})
