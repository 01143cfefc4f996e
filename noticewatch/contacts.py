"""Contact data of officials inside texts, masked visibly and at the same length, so that offsets stay true.

Masked are e-mail addresses, telephone numbers of US shape, and the name that follows COR, COTR, ACOR, POC, TPOC, KO,
"contracting officer" or another title of those who buy. Contract numbers are never taken for telephones.
"""

import re
from typing import Final

MASK: Final = "█"
"""Stands once for every character that was masked."""

_EMAIL = re.compile(r"[\w.+'%-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}(?![\w@])")
_SPACED_EMAIL = re.compile(
    r"[\w.+'%-]{1,64} ?@ ?(?:[A-Za-z0-9-]{1,63} ?\. ?){1,8}(?:com|edu|gov|mil|net|org|us)(?![\w@])", re.IGNORECASE
)
_AT: Final = r" ?[(\[{] ?at ?[)\]}] ?"
_SPELT_AT = re.compile(_AT, re.IGNORECASE)
_SPELT_EMAIL = re.compile(
    rf"[\w.+'%-]{{1,64}}{_AT}(?:[A-Za-z0-9-]{{1,63}}(?: ?[(\[{{] ?dot ?[)\]}}] ?|\.)){{1,8}}[A-Za-z]{{2,24}}(?![\w@])",
    re.IGNORECASE,
)
_PHONE = re.compile(
    r"(?<![\w.$])(?<!\d[-/])(?:\+?1[ .-]?)?(?!252[.-]2\d\d-70)"
    r"(?:\(?[2-9]\d\d\)[ .\u00a0-]{0,2}|[2-9]\d\d[ .\u00a0-]|[2-9]\d\d/(?=\d{3}[.-]))"
    r"\d{3}[ .\u2013-]\d{4}"
    r"(?:,?[ ]?(?:x|ext\.?|extension)[ :.]{0,2}\d{1,6}|/\d{4})?(?![\d_]|[-/]\d)",
    re.IGNORECASE,
)
_AFTER_NAME = re.compile(r"█[,;:. (]{1,4}(\d{10})(?!\w)")
_AFTER_WORD = re.compile(
    r"\b(?:phone|telephone|tel|cell|mobile|fax|call)\b(?:[ ]?(?:no|number))?[.:# ]{1,4}"
    r"(\d{10}|0\d{1,3}[ -]\d{2,4}[ -]\d{4})(?!\w)",  # of ten digits in one, or of a base in Japan
    re.IGNORECASE,
)
_CALLED_BEHIND: Final = (
    r"\.(?=\s{1,2}[^\W\d_a-z][\w'-]+(?:\s[^\W\d_a-z][\w'-]*){1,2}[ ,;(-]{1,3}(?i:ph|tel|cell|fax|e-?mail|█))"
)
"""A full stop behind a title that ends no sentence: a name comes, and behind it how its bearer is reached."""
_TITLE = re.compile(
    r"(?:(?<!\w)|(?<=\d{5}))(?:A?COT?Rs?|T?POCs?|KO|(?i:points?\s+of\s+contact|purchasing\s+agent)|"
    r"(?i:contract(?:ing)?)\s+(?:[OSA](?:FFICER|PECIALIST|DMINISTRATOR)|[OoSsAa](?:fficer|pecialist|dministrator))"
    r"(?i:(?:['’]s\s+representative|\s+representative)?))(?!\w)"
    r"(?:\s?\((?:A?CORs?|T?POCs?|KO|CO|CS)\))?"
    rf"(?:['’](?=\s?[:,]))?(?:\s?(?:(?i:name|is)\b|[:=,–-]|{_CALLED_BEHIND})){{0,3}}\s{{0,3}}"
)
_LATIN: Final = [chr(code) for code in (*range(0x41, 0x180), *range(0x1E00, 0x1F00))]
_UPPER: Final = "".join(letter for letter in _LATIN if letter.isupper())
_LOWER: Final = "".join(letter for letter in _LATIN if letter.islower())
_PARTICLES: Final = r"(?:(?:de|del|dela|della|di|da|dos|du|la|le|el|al|bin|van|von|der|den|ter|y)[ \u00a0]){1,3}"
_NAME_WORD = re.compile(
    rf"(?:(?i:mr|mrs|ms|dr|[stm]?sgt|[sc]msgt|ss?g|sfc|cpt|capt(?:ain)?|l?cdr|maj(?:or)?|lt|lt ?col|col|chief)\.?\s+)?"
    rf"[{_UPPER}](?:[{_LOWER}]+(?:[{_UPPER}][{_LOWER}]+)?|[{_UPPER}]+|\.)?"
    rf"(?:['’-][{_UPPER}][{_UPPER}{_LOWER}]+)*"
)
_PARTICLE = re.compile(rf"{_PARTICLES}(?=[{_UPPER}])")
_GAP = re.compile(r"[ \u00a0]{1,2}")
_TEN_DIGITS = re.compile(r"\d{10}|[.:# ]0\d{1,3}[ -]\d{2,4}[ -]\d{4}")
_PHONE_END = re.compile(r"\d{3}[ .\u2013-]\d{4}")
_TITLE_HINTS = re.compile(
    r"COR|COTR|POC|KO|[Oo]fficer|OFFICER|[Ss]pecialist|SPECIALIST|dministrator|ADMINISTRATOR|"
    r"[Oo][Ff]\s+[Cc][Oo][Nn][Tt][Aa][Cc][Tt]|[Ii][Nn][Gg]\s+[Aa][Gg][Ee][Nn][Tt]"
)
"""One of them stands in every text that the patterns of titles can find something in; cheap to look for."""
_SEPARATED = re.compile(r"[:=,–-]|\.\s*$|\bis\b|\bname\b", re.IGNORECASE)

_WORDS: Final = """
    A ACCEPTANCE ACCESS ACQUISITION ACTING ACTION ACTIVITY ADD ADDED ADDITION ADDITIONAL ADDRESS ADMIN
    ADMINISTRATION ADMINISTRATIVE ADMINISTRATIVELY ADMINISTRATOR AFFAIRS AGENCY AGENT AIR ALL ALTERNATE AMENDMENT AN
    AND ANY APPOINTMENT APPROVAL APPROVED ARE ARMY AS ASSIGNED ASSISTANT AT ATTACHED AUTHORITY AVAILABLE AWARD BASE
    BE BELOW BRANCH BUDGET BUREAU BUSINESS BUYER BY CAN CELL CENTER CHANGE CHANGED CHANGES CHEMICAL CHIEF CLAUSE
    CLIN CLOSE CLOSEOUT CO COMMAND COMMENTS COMPANY CONDUCT CONTACT CONTACTS CONTRACT CONTRACTING CONTRACTOR
    CONTRACTS COR CORE CORRECT CUSTOMER DATE DAY DAYS DE DEFENSE DELEGATION DELETE DELIVERY DEOBLIGATE DEPARTMENT
    DESIGNATED DESIGNATION DETERMINED DIRECTOR DIVISION DO DOCUMENTS DUE EL EMAIL END EQUIPMENT ETC EXERCISE EXTEND
    EXTENSION FAX FEDERAL FILE FOR FORCE FORM FROM FUNDING FUNDS GENERAL GOVERNMENT HAS HEALTH HER HEREBY HIS
    HOMELAND IF IN INCORPORATE INFORMATION INITIAL INSPECTION INTERESTED INVOICE INVOICES IS IT ITEM LETTER LIST
    LOCATED LOCATION LOGISTICS MAIL MAINTENANCE MAY MEMO MOD MODIFICATION MUST NAME NATIONAL NAVAL NAVSEA NAVY NCO
    NETWORK NEW NO NOT NOTICE NOTICES NUMBER OBLIGATE OF OFFICE OFFICER OFFICIAL ON ONLY OPTION OR ORDER OTHER PAGE
    PARKING PERIOD PERSON PHONE PLANNING PLEASE POC POINT POP PREVENTIVE PREVIOUS PRIMARY PRIOR PROGRAM PROJECT
    PROVIDE PURCHASE PURCHASING PURPOSE QUALITY QUESTIONS QUOTE QUOTES REASON REGIONAL REMOVE REPLACE REPLACED
    REPRESENTATIVE REQUEST REQUIRED REQUIREMENT REQUISITION RESPONSIBLE REVIEW REVISE SAFETY SAM SECONDARY SECTION
    SECURITY SEE SERVICE SERVICES SHALL SHOULD SIGN SIGNATURE SIGNED SITE SMALL SOFTWARE SPECIALIST STATES SUBMIT
    SUPPORT SYSTEM SYSTEMS TASK TBD TEAM TECHNICAL TEL TELEPHONE THAT THE THEIR THEN THERE THESE THEY THIS TITLE TO
    TRAINING TRANSFER TYPE UNDER UNITED UNTIL UPDATE UPDATED UPON US USE VENDOR VETERANS VIA WAS WHEN WHERE WHICH
    WHO WILL WITH WITHIN WORK WRITTEN YEAR
"""
_NOT_A_NAME: Final = frozenset(_WORDS.split())
_MOST_WORDS = 3


def mask(text: str) -> str:
    """The text with contact data of officials masked. Same length; masking twice changes nothing."""
    if "@" in text:
        text = _SPACED_EMAIL.sub(_blacked, _EMAIL.sub(_blacked, text))
    if _SPELT_AT.search(text):
        text = _SPELT_EMAIL.sub(_blacked, text)
    if _TITLE_HINTS.search(text):
        text = _without_names(text)
    if _TEN_DIGITS.search(text):
        text = _AFTER_NAME.sub(_blacked_group, _AFTER_WORD.sub(_blacked_group, text))
    return _PHONE.sub(_blacked, text) if _PHONE_END.search(text) else text


def _blacked(match: re.Match[str]) -> str:
    return MASK * len(match[0])


def _blacked_group(match: re.Match[str]) -> str:
    kept = match.start(1) - match.start()
    return match[0][:kept] + MASK * len(match[1]) + match[0][kept + len(match[1]) :]


def _without_names(text: str) -> str:
    parts, done = [], 0
    for match in _TITLE.finditer(text):
        start, end = match.end(), _end_of_name(text, match)
        if start < done or end == start:
            continue
        parts += [text[done:start], MASK * (end - start)]
        done = end
    return "".join([*parts, text[done:]])


def _end_of_name(text: str, title: re.Match[str]) -> int:
    """Where the name that begins behind a title ends; the title's own end where there is none."""
    start = at = end = title.end()
    shouted, words = True, 0
    while words < _MOST_WORDS and (word := _NAME_WORD.match(text, _behind_particles(text, at, words))):
        ends_inside = word.end() < len(text) and (text[word.end()].isalnum() or text[word.end()] == "_")
        if ends_inside or word[0].rpartition(" ")[2].upper() in _NOT_A_NAME:
            break
        shouted = shouted and word[0].isupper()
        words, end = words + 1, word.end()
        gap = _GAP.match(text, end)
        if gap is None:
            break
        at = gap.end()
    if words == 1 and end - start < 3:
        return start
    if shouted and not _SEPARATED.search(title[0]):
        return start if words < 2 else end
    return end if words >= 2 or _SEPARATED.search(title[0]) else start


def _behind_particles(text: str, at: int, words: int) -> int:
    """Where a name goes on behind ``de la`` or ``van``, which stand inside of names only."""
    particles = _PARTICLE.match(text, at) if words else None
    return particles.end() if particles else at
