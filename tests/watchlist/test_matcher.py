"""What the matcher promises, by example and by property."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from noticewatch.models import Kind, Notice, Party, Text
from tests.dictionary import matcher
from tests.watchlist.explaining import explain
from watchlist.evidence import Tag, dump_evidence, field_texts, load_evidence

MATCHER = matcher()


def notice(title: str = "", supplier: str = "", description: str = "", *, made: bool = False) -> Notice:
    return Notice(
        kind=Kind.ORDER,
        title=(Text(text=title),) if title else (),
        title_from="made from description" if made else "published",
        description=(Text(text=description),) if description else (),
        parties=(Party(role="supplier", name=supplier),) if supplier else (),
    )


def found(tags: tuple[Tag, ...]) -> set[tuple[str, str, str]]:
    return {(tag.id, tag.role, tag.tier) for tag in tags}


def alerts(**parts: str) -> set[str]:
    return {tag.id for tag in MATCHER.tags(notice(**parts)) if tag.tier == "alert"}  # type: ignore[arg-type]  # all are texts


def test_maker_product_and_seller_are_told_apart_with_their_spans() -> None:
    stored = notice("FIVECAST ONYX SUBSCRIPTION", "PANAMERICA COMPUTERS, INC.", "FIVECAST ONYX SUBSCRIPTION", made=True)
    tags = {tag.role: tag for tag in MATCHER.tags(stored) if tag.kind == "vendor"}
    assert {role: tag.id for role, tag in tags.items()} == {
        "maker": "fivecast", "product": "fivecast", "seller": "panamerica-computers",
    }  # fmt: skip
    assert {"title", "description"} <= {evidence.field for evidence in tags["maker"].evidence}
    assert tags["product"].evidence[0].quote == "FIVECAST ONYX"
    assert tags["seller"].evidence[0].field == "parties.supplier"


def test_a_seller_alone_is_not_on_the_watchlist() -> None:
    assert MATCHER.tags(notice("Printer toner", "FCN, INC.")) == ()
    assert MATCHER.tags(notice("OPTION YEAR 4", "LEIDOS, INC.")) == ()


@pytest.mark.parametrize(
    ("title", "supplier"),
    [
        ("Security cameras", "EVIGILANT.COM INC"),
        ("Repair MAF Roofs", "JAXON CONSTRUCTION INC"),
        ("FAXON barrel", ""),
        ("Haul out of USCGC VIGILANT", "VIGOR"),
        ("Tower lease", "CLEARVIEW TOWER COMPANY"),
        ("PSO services", "PARAGON SYSTEMS INC"),
        ("Drinking glasses", "PARAGONE SOLUTIONS LLC"),
        ("Facilities support", "PRI/DJI, A SERVICES JV"),
        ("Flock audio mixer", ""),
    ],
)
def test_same_name_other_firm(title: str, supplier: str) -> None:
    makers = {tag.id for tag in MATCHER.tags(notice(title, supplier)) if tag.kind == "vendor"}
    assert makers == set()


@pytest.mark.parametrize(
    "name", ["Axon", "West", "Magnet", "Harris", "Motorola", "Paragon", "Flock", "Graphite", "BI", "LEARN", "Raven",
             "Stingray", "Pegasus", "Falcon", "Motorola Solutions, Inc.", "Harris Corporation", "West Publishing Corp"],
)  # fmt: skip
def test_an_ambiguous_name_alone_never_alerts(name: str) -> None:
    assert alerts(title=name) == set()
    assert alerts(supplier=name) == set()


def test_a_name_of_many_lines_alerts_beside_what_it_is_watched_for() -> None:
    assert "axon" in alerts(title="Body worn cameras", supplier="AXON ENTERPRISE, INC.")
    assert alerts(title="TASER cartridges", supplier="AXON ENTERPRISE, INC.") == set()
    assert "thomson-reuters" in alerts(title="CLEAR SUBSCRIPTION SERVICE", supplier="WEST PUBLISHING CORPORATION")
    assert alerts(title="Law books", supplier="WEST PUBLISHING CORPORATION") == set()


@pytest.mark.parametrize("spelling", ["Pen-Link", "PenLink", "PEN LINK", "pen‑link", "Pen\u00adLink"])
def test_a_name_is_found_in_every_spelling(spelling: str) -> None:
    assert "pen-link" in alerts(title=f"Renewal of {spelling} licences")


def test_clause_text_is_no_evidence() -> None:
    clause = "FAR 52.204-25 Prohibition on contracting for certain telecommunications and video surveillance services"
    assert MATCHER.tags(notice("Paper", description=f"{clause} by Hikvision or Dahua Technology.")) == ()
    assert MATCHER.tags(notice("THE PURPOSE IS TO INCORPORATE " + clause, made=True)) == ()
    assert (
        MATCHER.tags(notice("Cleaning", description="The contractor follows the Quality Assurance Surveillance Plan."))
        == ()
    )


def test_a_veto_takes_away_its_own_terms_only() -> None:
    assert alerts(title="High speed camera for a wind tunnel") == set()
    assert "gunshot_detection" in alerts(title="ShotSpotter renewal and high speed camera")


@pytest.mark.parametrize(
    "title",
    ["83--CLOTH,GRAPHITE WOVE", "MQ-25A Stingray Air Vehicle", "C--Washington HQ Title III A&E Support",
     "Detector on Pegasus BT 4D", "PACS Medical Workstations"],
)  # fmt: skip
def test_a_word_that_mostly_means_another_thing_is_not_even_for_review(title: str) -> None:
    assert MATCHER.tags(notice(title)) == ()


def test_a_term_in_the_body_of_a_notice_is_for_review() -> None:
    assert found(MATCHER.tags(notice("Various supplies", description="One licence plate reader is wanted."))) == {
        ("lpr", "", "review")
    }


def test_an_identifier_names_its_vendor_whatever_the_printed_name() -> None:
    vendor = MATCHER.dictionary.vendors["giant-oak"]
    duns = next(identifier.id[5:] for identifier in vendor.identifiers if identifier.id.startswith("DUNS:"))
    stored = Notice(kind=Kind.ORDER, parties=(Party(role="supplier", name="G.O. HOLDING", duns=duns),))
    tags = MATCHER.tags(stored)
    assert ("giant-oak", "alert", "identifier") in [(tag.id, tag.tier, tag.evidence[0].by) for tag in tags]
    assert tags[0].evidence[0].field == "parties.supplier.duns"


def test_evidence_survives_storage() -> None:
    tags = explain(MATCHER, "Cellebrite UFED", "FCN, Inc.")
    assert len(tags) >= 1
    for tag in tags:
        assert load_evidence(dump_evidence(tag.evidence)) == tag.evidence


WORDS = st.sampled_from(
    ["Cellebrite", "UFED", "<b>", "</b>", "&amp;", "ﬁ", "e\u0301", "Pen\u00adLink", "body", "worn", "cameras", "\n",
     "ß", "52.204-25", "Axon", "É", "\ud800", "licence plate reader", "İ"]
)  # fmt: skip


def quotes(stored: Notice) -> list[tuple[str, str]]:
    """Each quote of a notice's tags, and what stands in the notice at its place."""
    texts = field_texts(stored)
    evidence = [each for tag in MATCHER.tags(stored) for each in tag.evidence]
    return [(each.quote, texts[each.field][each.start : each.end]) for each in evidence]


@given(st.lists(WORDS).map(" ".join) | st.lists(WORDS).map("".join) | st.text(max_size=40))
def test_any_text_can_be_matched_and_every_quote_is_found_at_its_place(text: str) -> None:
    surely = quotes(notice("Cellebrite UFED", text or " ", text or " "))
    assert len(surely) >= 1
    for quote, there in [*surely, *quotes(notice(text or " ", text or " ", text or " "))]:
        assert quote
        assert quote == there


def spoken(language: str, text: str) -> set[tuple[str, str]]:
    stored = Notice(kind=Kind.OTHER, title=(Text(text=text, language=language),))
    return {(tag.id, tag.tier) for tag in MATCHER.tags(stored) if tag.kind == "technology"}


@pytest.mark.parametrize(
    ("language", "text", "technology"),
    [
        ("es", "Suministro de cámaras lectoras de matrículas para la Policía Local", "lpr"),
        ("es", "Servicio de reconocimiento facial en estadios", "facial_recognition"),
        ("es", "Contratación de monitoreo de redes sociales", "social_media_monitoring"),
        ("spa", "Equipo de extracción forense de teléfonos celulares", "device_forensics"),
        ("es", "Adquisición de cámaras corporales", "body_worn_camera"),
        ("es", "Drones para vigilancia de la Policía", "drones"),
        ("es", "Sistema de interceptación de comunicaciones", "lawful_intercept"),
        ("fr", "Lecture automatisée des plaques d’immatriculation (LAPI)", "lpr"),
        ("fr", "Logiciel de reconnaissance faciale", "facial_recognition"),
        ("fra", "Surveillance des réseaux sociaux", "social_media_monitoring"),
        ("fr", "Extraction de données de téléphones portables", "device_forensics"),
        ("fr", "Acquisition de caméras-piétons", "body_worn_camera"),
        ("fr", "Fourniture d'aéronefs sans pilote pour la gendarmerie", "drones"),
        ("fr", "Marché d'interceptions judiciaires", "lawful_intercept"),
    ],
)
def test_spanish_and_french_terms_are_found_in_their_language(language: str, text: str, technology: str) -> None:
    assert (technology, "alert") in spoken(language, text)
    assert (technology, "alert") not in spoken("de", text)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("fr", "Acquisition d’une solution antivirus Sophos Central Intercept X avancée"),
        ("fr", "Surveillance des alertes de sécurité"),
        ("fr", "Services d'isolation mécanique"),
        ("fr", "Surveillance de travaux"),
        ("es", "Servicio de vigilancia y seguridad privada"),
        ("es", "Placas de yeso"),
        ("es", "Vigilancia epidemiológica"),
    ],
)
def test_same_words_of_other_things_in_spanish_and_french(language: str, text: str) -> None:
    assert spoken(language, text) == set()


def test_a_misspelt_title_is_found_and_quoted_as_published() -> None:
    stored = notice("Y--LICSENSE PLATE RECOGINTION System")
    (tag,) = [tag for tag in MATCHER.tags(stored) if tag.id == "lpr"]
    assert (tag.tier, tag.evidence[0].quote) == ("alert", "LICSENSE PLATE RECOGINTION")


def test_a_tag_says_why_it_has_its_tier() -> None:
    (review,) = MATCHER.tags(notice("CCTV"))
    assert (review.tier, review.reason) == (
        "review", "a term of Video surveillance of public space, in the headline, but also said of other things",
    )  # fmt: skip
    strong = next(tag for tag in MATCHER.tags(notice("Cellebrite renewal")) if tag.role == "maker")
    assert strong.reason == "listed as a name of Cellebrite, which suffices"


@pytest.mark.parametrize(
    "title",
    ["Z1DA--Video surveillance, VA medical center", "Surveillance cameras for the barracks",
     "A Local Law to amend the code in relation to body-worn cameras"],
)  # fmt: skip
def test_grey_cases_are_for_review_and_say_so(title: str) -> None:
    tags = MATCHER.tags(notice(title))
    assert {tag.tier for tag in tags} == {"review"}
    assert any("may mean" in tag.reason for tag in tags)


def test_a_seller_whose_own_name_speaks_of_it_is_for_review() -> None:
    assert {(tag.id, tag.tier) for tag in MATCHER.tags(notice("Service call", "ACME BODY WORN CAMERA LLC"))} == {
        ("body_worn_camera", "review")
    }


def test_what_a_vendor_sells_besides_takes_its_name_away() -> None:
    assert alerts(title="Web of Science subscription", supplier="THOMSON REUTERS SPECIAL SERVICES LLC") == set()
    assert "thomson-reuters" in alerts(title="Subscription data", supplier="THOMSON REUTERS SPECIAL SERVICES LLC")


def test_a_product_says_which_technology_is_bought() -> None:
    assert {"in_vehicle_camera", "axon"} <= alerts(title="Axon Fleet 3 install")
    assert "body_worn_camera" not in alerts(title="Axon Fleet 3 install")
