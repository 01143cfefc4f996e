"""Walked windows of documents on their way into the archive: judged, then kept with what came for each document."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from email.message import Message

from archive import ledger
from archive.documents import answers
from archive.documents.answers import DocumentAnswer
from archive.ledger import Run
from archive.store import Archive
from archive.times import stamp
from crawlers.appending import Counts
from crawlers.documents.planning import Wanted
from crawlers.failures import host_of
from crawlers.parsing import Shape
from crawlers.source import Source
from crawlers.verdict import Judgement, WindowFacts, judge
from crawlers.walk import Asked, Walk, write_ledger
from noticewatch.identifiers import now
from noticewatch.models import Verdict


@dataclass(slots=True)
class DocumentAppender:
    """Keeps what came for documents in one run; their texts are read once it is over."""

    archive: Archive
    run: Run
    source: Source
    wanted: Mapping[str, Sequence[Wanted]]
    shape: Shape = field(default_factory=Shape)
    counts: Counts = field(default_factory=Counts)
    verdicts: list[tuple[Verdict, Sequence[str]]] = field(default_factory=list)

    def take(self, walk: Walk) -> None:
        """Judge the documents of a notice and keep what came, in one transaction with the ledger."""
        facts = WindowFacts(
            [asked.facts() for asked in walk.asked], rows=len(walk.asked), distinct=len(walk.asked),
            cancelled=walk.cancelled,
        )  # fmt: skip
        self._close(walk, judge(facts), facts)
        walk.forget_payloads()

    def refuse(self, walk: Walk, judgement: Judgement) -> None:
        """Close the window of a notice whose documents were not asked for."""
        self._close(walk, judgement, None)

    def flush(self) -> None:
        """Nothing waits."""

    def _close(self, walk: Walk, judgement: Judgement, facts: WindowFacts | None) -> None:
        with self.archive.writing() as connection:
            write_ledger(connection, self.run, walk)
            ledger.finish_window(
                connection, walk.number, state="fetched", verdict=judgement.verdict, reasons=judgement.reasons,
                rows=len(walk.asked), facts=facts.to_json() if facts else None,
            )  # fmt: skip
            came = list(self._answers(walk))
            last = answers.note(connection, self.run, came)
        walk.closed = True
        self.verdicts.append((judgement.verdict, judgement.reasons))
        files = sum(answer.sha256 is not None for answer in came)
        self.counts.windows += 1
        self.counts.rows += len(came)
        self.counts.captures += files
        self.counts.records += files
        self.counts.last_seq = max(self.counts.last_seq, last)

    def _answers(self, walk: Walk) -> Iterator[DocumentAnswer]:
        numbers = {one.url: one.number for one in self.wanted[walk.window.key]}
        for asked in walk.asked:
            if asked.state != "planned":
                yield _answer(numbers[asked.request.url], asked)


def file_name(disposition: str | None) -> str | None:
    """The file name that a header ``Content-Disposition`` states (RFC 6266); None where it states none."""
    if not disposition:
        return None
    message = Message()
    message["Content-Disposition"] = " ".join(disposition.split())
    name = message.get_filename()
    bare = name.replace("\\", "/").rpartition("/")[2].strip() if name else ""
    return "".join(letter for letter in bare if letter.isprintable())[:255] or None


def _answer(number: int, asked: Asked) -> DocumentAnswer:
    held = asked.held[-1] if asked.held else None
    at = stamp(held.capture.fetched_at if held else now())
    capture = held.number if held else None
    if asked.state != "answered" or held is None:
        return DocumentAnswer(number, at, capture, problem=asked.problem or "no answer came")
    if asked.nothing:
        gone = f"{host_of(asked.request.url)} has no such document (status {asked.status})"
        return DocumentAnswer(number, at, capture, problem=gone)
    return DocumentAnswer(number, at, capture, held.capture.payload_sha256, file_name(asked.disposition))
