"""What one crawl of documents is: the crawl of a source that knows which documents are wanted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import scrapy

from crawlers.conductor import Conductor
from crawlers.documents.planning import Wanted


@dataclass(eq=False)
class DocumentConductor(Conductor):
    """The conductor of a crawl of documents. ``wanted``: them by notice id."""

    wanted: Mapping[str, Sequence[Wanted]] = field(default_factory=dict)

    def spend(self, request: scrapy.Request) -> None:
        """Documents are asked for without a key, so they are none of the calls that the source counts."""
