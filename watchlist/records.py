"""The records of the dictionary as its files state them. Every one says what it was learned from, and is checked."""

import re
from datetime import date
from typing import Annotated, Any, Final, Literal, Self, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

GENERAL = "general"
"""The origin of what is common knowledge of the field and would be in the dictionary without any labelled source."""

Policy: TypeAlias = Literal["strong", "needs_context", "legal_name_only", "never_alone"]
"""What a name may cause by itself: ``strong`` suffices; ``needs_context`` counts beside other evidence of its owner;
``legal_name_only`` suffices where it is the whole name of a party; ``never_alone`` causes no tag.
"""

LONGEST: Final = 200
"""Characters that no name, term or word exceeds: so far a search looks around a place."""

IDENTIFIER: Final = r"UEI:[A-Z0-9]{12}|CAGE:[A-Z0-9]{5}|DUNS:\d{9}"
"""The pattern of an identifier with its scheme."""

_MONTH: Final = re.compile(r"\d{4}(?:-\d{2}(?:-\d{2})?)?", re.ASCII)


def _as_day(written: str) -> str:
    """Refuses what no calendar holds."""
    try:
        if written:
            date.fromisoformat(f"{written}-01-01"[:10] if _MONTH.fullmatch(written) else "")
    except ValueError:
        message = "must be a year, a month or a day that there is, such as 2019, 2019-01 or 2019-01-31"
        raise PydanticCustomError("month", message) from None
    return written


Text = Annotated[str, Field(min_length=1)]
Phrase = Annotated[str, Field(min_length=1, max_length=LONGEST)]
"""What is searched in texts."""
Month = Annotated[str, AfterValidator(_as_day)]
"""A year, a month or a day of ISO 8601; empty: not known."""


class Record(BaseModel):
    """Nothing of a record changes, and a field that nobody knows is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Learned(Record):
    """What was learned from labelled sources (ids of ``origins.toml``) or is ``general`` knowledge of the field."""

    learned_from: Annotated[tuple[Text, ...], Field(min_length=1)]

    def known_without(self, left_out: frozenset[str]) -> bool:
        """Whether it would be known if some sources had never been seen."""
        return not left_out.issuperset(self.learned_from)


class Origin(Record):
    """A source of labelled records from which parts of the dictionary were learned."""

    id: Text
    what: Text


class Technology(Record):
    """A class of surveillance technology, in the project's own wording; ``source`` is what it was checked against.

    ``premises``: it mostly guards the buyer's own premises, so that a name in a body of text alone is for review.
    """

    id: Text
    name: Text
    parent: str
    definition: Text
    source: Text
    premises: bool = False


class Alias(Learned):
    """A name of a vendor or of a product, and what it may cause by itself; ``technologies`` are a product's own."""

    name: Phrase
    policy: Policy
    technologies: tuple[str, ...] = ()
    reason: str = ""


class Context(Learned):
    """A word that says, beside the vendor's name as supplier, that its watched line is bought.

    The tier ``none``: that another line is bought, whatever name the vendor goes by.
    """

    word: Phrase
    tier: Literal["alert", "review", "none"] = "alert"


class Fact(Record):
    """A statement about a vendor with its source; one that is not ``checked`` is not shown as a fact."""

    what: Literal["countries", "website"]
    value: Text
    source: Text
    checked: bool = False


class Identifier(Learned):
    """``UEI:…``, ``CAGE:…`` or ``DUNS:…`` as found in award records."""

    id: Annotated[str, Field(pattern=f"^({IDENTIFIER})$")]
    source: Text
    checked: bool = False


class Parent(Record):
    """To whom a vendor belongs, since and until when; ``vendor`` is the id of a record of the dictionary."""

    name: Text
    vendor: str = ""
    since: Month = ""
    until: Month = ""
    source: Text
    checked: bool = False


class FormerName(Record):
    """What a vendor was called, and until when."""

    name: Text
    until: Month = ""
    source: Text
    checked: bool = False


VENDOR_FILES: Final = {"vendor": "vendors.toml", "integrator": "integrators.toml", "reseller": "resellers.toml"}
"""The file that holds the vendors of a kind."""


class Vendor(Learned):
    """A maker, integrator or reseller. ``note`` says what else its names may mean, or what else it sells.

    ``technologies`` is all it is watched for; ``stands_for`` what its bare name means (the first one where empty).
    """

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]
    name: Text
    kind: Literal["vendor", "integrator", "reseller"]
    technologies: tuple[str, ...] = ()
    stands_for: tuple[str, ...] = ()
    evidence: Annotated[tuple[Text, ...], Field(min_length=1)]
    note: str = ""
    names: Annotated[tuple[Alias, ...], Field(min_length=1)]
    products: tuple[Alias, ...] = ()
    contexts: tuple[Context, ...] = ()
    identifiers: tuple[Identifier, ...] = ()
    parents: tuple[Parent, ...] = ()
    former_names: tuple[FormerName, ...] = ()
    facts: tuple[Fact, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _hand_down(cls, block: Any) -> Any:
        """Names, products and contexts that state no origin of their own have their vendor's."""
        if isinstance(block, dict) and "learned_from" in block:
            for kind in ("names", "products", "contexts"):
                for item in block.get(kind) or ():
                    if isinstance(item, dict):
                        item.setdefault("learned_from", block["learned_from"])
        return block

    @property
    def sells_only(self) -> bool:
        """Whether it sells or integrates other makers' goods."""
        return self.kind != "vendor"

    @property
    def ambiguous(self) -> bool:
        """Whether one of its names has other meanings, so that it is not taken for the vendor where it stands alone."""
        return any(alias.policy != "strong" for alias in self.names)

    @property
    def meant(self) -> tuple[str, ...]:
        """The technologies that its bare name means."""
        return self.stands_for or self.technologies[:1]

    @property
    def aliases(self) -> tuple[str, ...]:
        """All names looked for."""
        return tuple(alias.name for alias in self.names)

    @property
    def product_names(self) -> tuple[str, ...]:
        """All product names looked for."""
        return tuple(product.name for product in self.products)


class Terms(Learned):
    """Terms of a technology in one language, with what each may cause by itself."""

    technology: Text
    policy: Literal["strong", "needs_context", "never_alone"]
    terms: Annotated[tuple[Phrase, ...], Field(min_length=1)]


class Family(Learned):
    """Terms made of a word of ``first`` and then one of ``then``; up to ``apart`` other words may stand between.

    With ``any_order`` the words may also stand the other way round.
    """

    technology: Text
    policy: Literal["strong", "needs_context", "never_alone"]
    first: Annotated[tuple[Phrase, ...], Field(min_length=1)]
    then: Annotated[tuple[Phrase, ...], Field(min_length=1)]
    apart: Annotated[int, Field(ge=0, le=8)] = 0
    any_order: bool = False


class Veto(Learned):
    """Words near which the terms of one technology mean another thing."""

    technology: Text
    terms: Annotated[tuple[Phrase, ...], Field(min_length=1)]


class Spelling(Learned):
    """Other spellings of a word, common mistakes included; they stand for it inside every term."""

    word: Phrase
    also: Annotated[tuple[Phrase, ...], Field(min_length=1)]


class Clause(Learned):
    """Text that contracts carry whatever is bought: cut around words or a pattern before matching, in characters."""

    name: Text
    words: tuple[Phrase, ...] = ()
    pattern: str = ""
    before: Annotated[int, Field(ge=0, le=2_000)]
    after: Annotated[int, Field(ge=0, le=4_000)]

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.words and not self.pattern:
            raise PydanticCustomError("clause", "must have words or a pattern")
        return self


class Grey(Learned):
    """Words that make what stands beside them a case for a reader: tags of ``technologies`` (all where empty) go to
    ``review``. ``headline``: only words of the headline count.
    """

    name: Text
    technologies: tuple[Text, ...] = ()
    words: Annotated[tuple[Phrase, ...], Field(min_length=1)]
    headline: bool = True


def singular(word: str) -> str:
    """A word without the s of a plural, or of its own: words are only compared so."""
    return word.removesuffix("s")


def _as_word(written: str) -> str:
    """Refuses what is not one word as it stands in the middle of a sentence."""
    if len(written) < 2 or not written.isalpha() or written != written.lower():
        raise PydanticCustomError("word", "must be one word of two letters or more, in small letters")
    return written


class Common(Learned):
    """Words that say nothing of what is bought. ``of``: ``procedure``, in a title, how it is bought; ``subjects``, what
    a headline shares with many a term without speaking of it.
    """

    of: Literal["procedure", "subjects"]
    words: Annotated[tuple[Annotated[str, AfterValidator(_as_word)], ...], Field(min_length=1)]
