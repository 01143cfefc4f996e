"""``/docs``, ``/docs/api`` and ``/about``: prose, and the API's description without anybody else's scripts."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import PlainTextResponse, RedirectResponse, Response
from markupsafe import Markup

from api.context import Context, context
from api.coverage import coverage_view
from api.manual import chapter, contents
from api.negotiation import json_answer, wants_json
from api.pages import render
from archive.proof import heads
from noticewatch import addresses

router = APIRouter(include_in_schema=False)
Given = Annotated[Context, Depends(context)]

PARAMETERS = (
    ("q", "the question, in the query language: words, “phrases”, AND OR NOT, field:value"),
    ("lens", "watchlist (only notices with a tag; the default) or everything"),
    ("scope", "procurement (one item a contract; the default) or notice"),
    ("source, buyer, vendor, technology, tier, kind, status, listing, jurisdiction, year",
     "filters; given several times, any of the values counts"),
    ("from, to", "first and last day, as 2024-12-31"),
    ("amount_min, amount_max", "bounds of the headline amount in whole US dollars, of a range where it may lie"),
    ("sort", "dated (the default), found, relevance, amount, due or planned (earliest first)"),
    ("limit, cursor", "items a page, 1 to 200; next_cursor of the answer before"),
    ("facets", "which counts to give, with commas; empty for none"),
)  # fmt: skip
PROBLEMS = (
    ("query-error", "The question cannot be read; position counts characters from 1, hint says how to mend it."),
    ("cursor-error", "The cursor was changed, or belongs to another question; begin again without it."),
    ("bad-request", "A parameter cannot be used; the detail names it."),
    ("not-found", "Nothing of that name is held; the detail says where to look."),
    ("several-notices", "A number leads to several notices; candidates lists them."),
    ("taken-down", "It is withheld; correction, reason and since say why, and hashes what (/corrections lists all)."),
    ("operator-only", "Whole answers with many records need the operator's token."),
    ("too-large", "The body of a request is larger than is read."),
    ("too-many-requests", "Saving and testing alerts is limited; retry_after says in how many seconds to try again."),
    ("other-site", "A browser says that the page of another site sent this; nothing was done."),
    ("archive-not-ready", "The archive cannot be read at the moment."),
    (
        "search-unavailable",
        "The search server does not answer, or not wholly; retry_after says in how many seconds to try again.",
    ),
)


@router.get("/docs/api")
@router.get("/docs/api.json")
@router.get(f"{addresses.API}/openapi.json")
def api_docs(request: Request) -> Response:
    """The API in words; in JSON as OpenAPI."""
    schema = request.app.openapi()
    if wants_json(request):
        return json_answer(schema)
    values = {
        "description": schema["info"]["description"],
        "parameters": PARAMETERS,
        "problems": PROBLEMS,
        "groups": _groups(schema),
        "twin": f"{addresses.API}/openapi.json",
    }
    return render(request, "api_docs.html", values)


@router.get("/docs")
@router.get("/docs.json")
def docs(request: Request) -> Response:
    """What there is to read."""
    groups = contents()
    if wants_json(request):
        listed = [
            {"name": one.name, "title": one.title, "about": about, "group": title, "url": f"/docs/{one.name}"}
            for title, chapters in groups
            for one, about in chapters
        ]
        return json_answer({"items": listed})
    return render(request, "docs.html", {"groups": groups, "twin": "/docs.json", "permanent": "/docs"})


@router.get("/docs/{name:path}")
def doc(request: Request, name: str) -> Response:
    """A document; in JSON as Markdown. Raises NotFound."""
    found = chapter(name.removesuffix(".json").removesuffix(".md"))
    if wants_json(request):
        return json_answer({"name": found.name, "title": found.title, "markdown": found.markdown})
    address = f"/docs/{found.name}"
    if name != found.name:
        return RedirectResponse(address, 302)
    values = {"chapter": found, "html": Markup(found.html)}  # noqa: S704 - made by us from our own documents
    return render(request, "doc.html", values | {"twin": f"{address}.json", "permanent": address})


@router.get("/about")
@router.get("/about.json")
def about(request: Request, held: Given) -> Response:
    """What this is and how far to rely on it."""
    view = coverage_view(held)
    with held.archive.reading() as connection:
        head = heads.latest(connection)
    if wants_json(request):
        stated = {"name": "noticewatch", "version": request.app.version, "coverage": view.form()}
        return json_answer(stated | {"head": head.form() if head else None})
    return render(request, "about.html", {"coverage": view, "head": head, "twin": "/about.json"})


def _groups(schema: dict[str, Any]) -> list[dict[str, Any]]:
    groups: dict[str, list[dict[str, Any]]] = {}
    for path, methods in schema["paths"].items():
        for method, entry in methods.items():
            parameters = [
                (p["name"], p.get("description", p["in"])) for p in entry.get("parameters", []) if p["in"] != "header"
            ]
            groups.setdefault((entry.get("tags") or ["other"])[0], []).append({
                "method": method.upper(),
                "path": path.replace(":path", ""),
                "summary": entry.get("summary", ""),
                "description": entry.get("description", ""),
                "parameters": parameters,
            })  # fmt: skip
    return [{"name": name.capitalize(), "entries": entries} for name, entries in groups.items()]


@router.get("/robots.txt")
def robots() -> Response:
    """Pages may be listed by search engines; archived rows, which show contact data as published, may not."""
    return PlainTextResponse(f"User-agent: *\nDisallow: {addresses.API}/captures/\n")


@router.get("/favicon.ico")
def icon() -> Response:
    """The icon, where browsers look for one."""
    return RedirectResponse("/static/icon.svg", 301)
