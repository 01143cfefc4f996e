"""Pages: templates with what every page shows, HTML only from us, everything else escaped."""

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from api.context import Context
from api.negotiation import FRESH
from noticewatch import addresses, words

_STATIC = Path(__file__).parent / "static"
_OWN: Final = re.compile(
    r"(?<![\w/])/(?:alerts|buyers|corrections|docs/api|docs|search|sources|technologies|vendors)(?![\w/-]|\.\w)"
)
"""Addresses of our own that sentences lead to."""


@cache
def environment() -> Environment:
    """The templates, all of them read at once: files that change under a running server are of another program.

    Autoescape is on for all of them; an unknown name is an error.
    """
    made = Environment(
        loader=PackageLoader("api", "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True, auto_reload=False,
    )  # fmt: skip
    made.globals.update(static=static, addresses=addresses, words=words)
    made.filters.update(
        day=words.day_words, short_day=words.short_day, moment=words.moment_words, count=words.count_words,
        stamped=lambda written: words.moment_words(datetime.fromisoformat(written)),
        size=words.file_size, kind=words.kind_words,
        first_upper=words.first_upper, reason=words.reason_words, linked=linked,
    )  # fmt: skip
    for name in made.list_templates():
        made.get_template(name)
    return made


def linked(sentence: str) -> Markup:
    """A sentence in which the addresses of our overviews are links. Everything else in it is text."""
    return Markup(_OWN.sub(r'<a href="\g<0>">\g<0></a>', str(escape(sentence))))  # noqa: S704 - escaped before


@cache
def static(name: str) -> str:
    """The address of a static file, with its hash, so that a new one is fetched and an old one never asked for."""
    digest = hashlib.sha256((_STATIC / name).read_bytes()).hexdigest()[:10]
    return f"/static/{name}?v={digest}"


def render(
    request: Request,
    template: str,
    values: Mapping[str, Any],
    *,
    status: int = 200,
) -> Response:
    """A page."""
    held_context: Context = request.app.state.context
    shown = {
        "query": "",
        "lens": "watchlist",
        "twin": None,
        "permanent": None,
        "feeds": (),
        "base": held_context.settings.base_url,
        "contact": held_context.settings.contact,
        "leads_nowhere_else": held_context.settings.leads_nowhere_else,
        "path": request.url.path,
    } | dict(values)
    return HTMLResponse(environment().get_template(template).render(shown), status, {"Cache-Control": FRESH})
