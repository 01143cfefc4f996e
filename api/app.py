"""The application: rooms below it are handed in, nothing is opened here."""

from pathlib import Path

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from api import problem_answers
from api.context import Context
from api.negotiation import Tagged
from api.pages import environment
from api.protection import HeadAsGet, Protection
from api.routes import (
    alert_links,
    alert_operator,
    alert_pages,
    captures,
    corrections,
    documentation,
    events,
    evidence,
    exports,
    feeds,
    front,
    health,
    new_page,
    notice_pages,
    notices,
    profile_lists,
    profile_pages,
    profiles,
    proofs,
    renewals,
    runs,
    search_page,
    searches,
    sources,
    suggest,
    watchlist_page,
)
from archive.store import Archive
from crawlers.source import load_sources
from indexer.search import Search
from noticewatch import __version__, addresses
from noticewatch.settings import Settings
from watchlist.current import Watchlist
from watchlist.dictionary import Dictionary

_STATIC = Path(__file__).parent / "static"
_DESCRIPTION = (
    "Public notices and award records about surveillance technology: every version, with the archived bytes it came "
    "from. Money is a decimal string with its currency and kind; times are ISO 8601 in UTC; a list is paged by cursors."
)


def create_app(archive: Archive, search: Search, settings: Settings, watchlist: Dictionary | Watchlist) -> FastAPI:
    """The HTTP API, feeds and pages over an open archive and its search."""
    app = FastAPI(
        title="noticewatch", version=__version__, description=_DESCRIPTION, openapi_url=None, redirect_slashes=False,
    )  # fmt: skip
    app.state.context = Context(archive, search, settings, watchlist, load_sources())
    app.add_middleware(Protection)
    app.add_middleware(Tagged)
    app.add_middleware(HeadAsGet)
    problem_answers.install(app)
    environment()
    for module in (
        health, exports, captures, events, proofs, sources, runs, profiles, evidence, notices, suggest, feeds,
        corrections, documentation, front, search_page, notice_pages,
        profile_lists, profile_pages, renewals, new_page, watchlist_page,
        searches, alert_pages, alert_links, alert_operator,
    ):  # fmt: skip
        app.include_router(module.router)
    app.include_router(feeds.router, prefix=addresses.API, include_in_schema=False)
    app.mount("/static", StaticFiles(directory=_STATIC), name="static")
    return app
