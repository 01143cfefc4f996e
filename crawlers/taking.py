"""What a conductor hands walked windows to: the log for rows, the archive of documents for documents."""

from collections.abc import Sequence
from typing import Protocol

from crawlers.appending import Counts
from crawlers.parsing import Shape
from crawlers.source import Source
from crawlers.verdict import Judgement
from crawlers.walk import Walk
from noticewatch.models import Verdict


class Taking(Protocol):
    """Takes the walks of one run and judges them. ``source``: how the publisher is asked."""

    @property
    def source(self) -> Source:
        """The source as it is asked in this run."""

    @property
    def shape(self) -> Shape:
        """What was found about the shape of its answers."""

    @property
    def counts(self) -> Counts:
        """What the run has brought so far."""

    @property
    def verdicts(self) -> list[tuple[Verdict, Sequence[str]]]:
        """The verdicts of its windows so far, with their reasons."""

    def take(self, walk: Walk) -> None:
        """Take a walk that has ended, whether or not it was walked to its end."""

    def refuse(self, walk: Walk, judgement: Judgement) -> None:
        """Close a walk that was not walked at all."""

    def flush(self) -> None:
        """Finish what waits."""
