"""The documents of ``docs/`` as pages: read from the program's own folder, with links that lead to other pages."""

import posixpath
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token

from noticewatch.errors import NotFound

FOLDER: Final = Path(__file__).parents[1] / "docs"
_GROUPS: Final = {
    "To search and to follow": {
        "search": "the query language, results, feeds and downloads, and how to cite",
        "watchlist": "what is looked for, why, how it is kept, and how to object",
        "alerts": "searches that are saved, and what is told of them",
        "exports": "results as a data set to cite, in five forms",
        "sources": "what is collected, from whom, and how",
        "model": "what the words and amounts of a notice mean",
    },
    "To rely on it": {
        "archive": "what is kept of each answer, and how versions and contracts come about",
        "proof": "what can be proved of it, and what cannot",
        "evidence": "a version with its proof in one file, to be checked by others",
        "documents": "attachments of notices, kept and searched page by page",
        "matching": "how often a tag is right, measured, and what is left out",
        "corrections": "what is done where something is wrong or must not be shown",
    },
    "To run it": {
        "run": "installation, settings, operation, backups",
        "crawling": "what a crawl may claim, and what it holds back",
    },
}
"""In which order the documents for readers and operators are told, and what each is about; any other stands behind."""
_REMARK: Final = re.compile(r"<!--.*?-->\n*", re.DOTALL)
_OWN: Final = re.compile(r"https?://127\.0\.0\.1:8484(?=/|$)")
"""The address that the documents give for a running server: the one that shows them."""
_NO_LETTER: Final = re.compile(r"[^\w\- ]")


@dataclass(frozen=True, slots=True)
class Chapter:
    """A document: its name under ``/docs/``, its title, its text as Markdown and as HTML."""

    name: str
    title: str
    markdown: str
    html: str


def names(folder: Path = FOLDER) -> list[str]:
    """Names of all documents; none where the program was installed without them."""
    return sorted(path.relative_to(folder).with_suffix("").as_posix() for path in folder.rglob("*.md"))


def chapter(name: str, folder: Path = FOLDER) -> Chapter:
    """A document. Raises NotFound with a way out."""
    known = names(folder)
    if name not in known:
        raise NotFound(f"There is no document {name[:80]!r}; /docs lists them.")
    path = folder / f"{name}.md"
    return _read(name, path, path.stat().st_mtime_ns, frozenset(known))


def contents(folder: Path = FOLDER) -> list[tuple[str, list[tuple[Chapter, str]]]]:
    """All documents by what they are for, each with what it is about, which is empty where its title says it."""
    known = names(folder)
    told = {name for some in _GROUPS.values() for name in some}
    rest = [name for name in known if name not in told]
    groups = _GROUPS | {
        "A page a source": {name: "" for name in rest if name.startswith("sources/")},
        "To work on it": {name: "" for name in rest if not name.startswith("sources/")},
    }
    listed = [
        (title, [(name, about) for name, about in some.items() if name in known]) for title, some in groups.items()
    ]
    return [(title, [(chapter(name, folder), about) for name, about in some]) for title, some in listed if some]


@lru_cache(maxsize=128)
def _read(name: str, path: Path, _changed: int, known: frozenset[str]) -> Chapter:
    text = path.read_text(encoding="utf-8")
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    parser.add_render_rule("table_open", lambda *_: '<div class="scroll"><table class="doc">')
    parser.add_render_rule("table_close", lambda *_: "</table></div>")
    tokens = list(_for_readers(parser.parse(_REMARK.sub("", text)), name, known))
    title = next((tokens[n + 1].content for n, token in enumerate(tokens) if token.tag == "h1"), name)
    return Chapter(name, _plain(title), text, _rendered(parser, tokens))


def _rendered(parser: MarkdownIt, tokens: Sequence[Token]) -> str:
    """HTML. Of the HTML that stands in a document only breaks of lines are meant; the rest is shown as text."""
    html: str = parser.renderer.render(tokens, parser.options, {})
    return html.replace("&lt;br&gt;", "<br>")


def _for_readers(tokens: Sequence[Token], name: str, known: frozenset[str]) -> Iterator[Token]:
    """Headings get anchors, links lead to pages, and nothing has a style of its own."""
    for place, token in enumerate(tokens):
        if token.type == "heading_open" and token.tag != "h1":
            token.attrSet("id", _anchor(tokens[place + 1].content))
        if "style" in token.attrs:
            del token.attrs["style"]
            token.attrSet("class", "num")
        if token.children:
            token.children = list(_linked(token.children, name, known))
        yield token


def _linked(children: Sequence[Token], name: str, known: frozenset[str]) -> Iterator[Token]:
    """The parts of a line. A link to a file that is no page of this server becomes plain text, as does a picture."""
    kept = True
    for token in children:
        if token.type == "link_open":
            href = _href(str(token.attrs.get("href", "")), name, known)
            kept = href is not None
            if href is None:
                continue
            token.attrSet("href", href)
            if re.match(r"https?:", href):
                token.attrSet("rel", "noreferrer")
        if token.type == "link_close" and not kept:
            kept = True
            continue
        yield Token("text", "", 0, content=token.content) if token.type == "image" else token


def _href(target: str, name: str, known: frozenset[str]) -> str | None:
    """Where a link of a document leads: to another page, or elsewhere; None where there is nothing to be shown."""
    own = _OWN.match(target)
    if own:
        return target[own.end() :] or "/"
    if target.startswith("#") or re.match(r"[a-z]+:", target):
        return target
    path, hash_sign, anchor = target.partition("#")
    file = posixpath.normpath(posixpath.join(posixpath.dirname(name), path))
    other = file.removesuffix(".md")
    return f"/docs/{other}{hash_sign}{anchor}" if file.endswith(".md") and other in known else None


def _anchor(heading: str) -> str:
    """The anchor that a heading has where the source code is shown."""
    return _NO_LETTER.sub("", _plain(heading).lower()).replace(" ", "-")


def _plain(markdown: str) -> str:
    return re.sub(r"\[([^\]]*)\]\([^)]*\)|[`*]", lambda match: match[1] or "", markdown)
