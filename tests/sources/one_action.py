"""One real action in the shapes of its three witnesses, and their recordings. Made, not recorded.

The action is a row of USAspending (ICE, order 70CMSD23FR0000145, first action of 22 September 2023); what FPDS and
Contract Awards would state of it is written in their documented forms with the values of that row. Codes of product
and industry, the UEI and the totals are invented for the test.
"""

import hashlib
import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

from archive.warc import WarcWriter
from crawlers.source import source
from crawlers.sources.fpds_atom.spider import FpdsAtomSpider
from crawlers.sources.sam_gov_contract_awards.spider import SamGovContractAwardsSpider
from crawlers.sources.usaspending_transactions.spider import UsaspendingTransactionsSpider
from crawlers.spider import SourceSpider, Window
from noticewatch.identifiers import new_id
from noticewatch.models import Capture, Origin

DAY = "2023-09-22"
ID = "us-action:7012:70CMSD23FR0000145:0"
AMOUNT = "1060000.1"
TEXT = "FIVECAST ONYX SUBSCRIPTION"
SELLER = "PANAMERICA COMPUTERS, INC."
PRODUCT = "IT AND TELECOM - BUSINESS APPLICATION SOFTWARE (PERPETUAL LICENSE SOFTWARE)"

USASPENDING, FPDS, AWARDS = "usaspending_transactions", "fpds_atom", "sam_gov_contract_awards"
SPIDERS: dict[str, type[SourceSpider]] = {
    USASPENDING: UsaspendingTransactionsSpider, FPDS: FpdsAtomSpider, AWARDS: SamGovContractAwardsSpider,
}  # fmt: skip
WINDOWS = {
    USASPENDING: Window("7012", DAY, DAY, DAY),
    FPDS: Window("7012", DAY, DAY, DAY),
    AWARDS: Window("changed", DAY, DAY, DAY),
}


def usaspending(amount: str = AMOUNT, text: str = TEXT, seller: str = SELLER) -> bytes:
    result = {
        "Award ID": "70CMSD23FR0000145",
        "Mod": "0",
        "Action Date": DAY,
        "Transaction Amount": "@",
        "Transaction Description": text,
        "Recipient Name": seller,
        "product_or_service_description": PRODUCT,
        "naics_description": "OTHER COMPUTER RELATED SERVICES",
        "generated_internal_id": "CONT_AWD_70CMSD23FR0000145_7012_NNG15SD02B_8000",
    }
    return orjson.dumps({"results": [result], "page_metadata": {"hasNext": False}}).replace(b'"@"', amount.encode())


def fpds(amount: str = AMOUNT, text: str = TEXT, seller: str = SELLER) -> bytes:
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns="http://www.w3.org/2005/Atom">
  <title>FPDS-NG search results</title>
  <link rel="alternate" type="text/html" href="https://www.fpds.gov/ezsearch/search.do?start=0"/>
  <entry>
    <title><![CDATA[New DELIVERY ORDER 70CMSD23FR0000145 awarded to {seller}]]></title>
    <modified>2023-09-25 09:12:44</modified>
    <content xmlns:ns1="https://www.fpds.gov/FPDS" type="application/xml">
      <ns1:award version="1.5">
        <ns1:awardID>
          <ns1:awardContractID>
            <ns1:agencyID name="U.S. IMMIGRATION AND CUSTOMS ENFORCEMENT">7012</ns1:agencyID>
            <ns1:PIID>70CMSD23FR0000145</ns1:PIID>
            <ns1:modNumber>0</ns1:modNumber>
            <ns1:transactionNumber>0</ns1:transactionNumber>
          </ns1:awardContractID>
          <ns1:referencedIDVID>
            <ns1:agencyID name="NATIONAL AERONAUTICS AND SPACE ADMINISTRATION">8000</ns1:agencyID>
            <ns1:PIID>NNG15SD02B</ns1:PIID>
            <ns1:modNumber>0</ns1:modNumber>
          </ns1:referencedIDVID>
        </ns1:awardID>
        <ns1:relevantContractDates><ns1:signedDate>{DAY} 00:00:00</ns1:signedDate></ns1:relevantContractDates>
        <ns1:dollarValues><ns1:obligatedAmount>{amount}</ns1:obligatedAmount></ns1:dollarValues>
        <ns1:totalDollarValues><ns1:totalObligatedAmount>{amount}</ns1:totalObligatedAmount></ns1:totalDollarValues>
        <ns1:purchaserInformation>
          <ns1:contractingOfficeAgencyID name="U.S. IMMIGRATION AND CUSTOMS ENFORCEMENT">7012</ns1:contractingOfficeAgencyID>
          <ns1:contractingOfficeID name="MISSION SUPPORT DALLAS">70CMSD</ns1:contractingOfficeID>
        </ns1:purchaserInformation>
        <ns1:contractData>
          <ns1:contractActionType description="DELIVERY ORDER">C</ns1:contractActionType>
          <ns1:descriptionOfContractRequirement>{text}</ns1:descriptionOfContractRequirement>
        </ns1:contractData>
        <ns1:productOrServiceInformation>
          <ns1:productOrServiceCode description="{PRODUCT}">7A21</ns1:productOrServiceCode>
        </ns1:productOrServiceInformation>
        <ns1:vendor>
          <ns1:vendorHeader><ns1:vendorName>{seller}</ns1:vendorName></ns1:vendorHeader>
          <ns1:vendorSiteDetails><ns1:entityIdentifiers><ns1:vendorUEIInformation>
            <ns1:UEI>AAAAAAAAAAA1</ns1:UEI>
          </ns1:vendorUEIInformation></ns1:entityIdentifiers></ns1:vendorSiteDetails>
        </ns1:vendor>
        <ns1:competition><ns1:extentCompeted description="FULL AND OPEN COMPETITION">A</ns1:extentCompeted></ns1:competition>
        <ns1:transactionInformation>
          <ns1:createdBy>SOMEBODY.70CMSD</ns1:createdBy>
          <ns1:lastModifiedDate>2023-09-25 09:12:44</ns1:lastModifiedDate>
          <ns1:status description="FINAL">F</ns1:status>
        </ns1:transactionInformation>
      </ns1:award>
    </content>
  </entry>
</feed>""".encode()  # noqa: E501 - a feed has long lines


def awards(amount: str = AMOUNT, text: str = TEXT, seller: str = SELLER) -> bytes:
    agency = {"code": "7012", "name": "U.S. IMMIGRATION AND CUSTOMS ENFORCEMENT"}
    record = {
        "contractId": {**names(), "reasonForModification": None},
        "coreData": {
            "awardOrIDV": "AWARD",
            "awardOrIDVType": {"code": "C", "name": "DELIVERY ORDER"},
            "federalOrganization": {"contractingInformation": {"contractingSubtier": agency}},
            "productOrServiceInformation": {"productOrService": {"code": "7A21", "name": PRODUCT}},
        },
        "awardDetails": {
            "dates": {"dateSigned": f"{DAY}T00:00:00Z"},
            "dollars": {"actionObligation": amount},
            "totalContractDollars": {"totalActionObligation": amount},
            "productOrServiceInformation": {"descriptionOfContractRequirement": text},
            "awardeeData": {
                "awardeeHeader": {"awardeeName": seller},
                "awardeeUEIInformation": {"uniqueEntityId": "AAAAAAAAAAA1", "cageCode": "0AAA1"},
            },
            "transactionData": {
                "status": {"code": "F", "name": "FINAL"}, "lastModifiedDate": "2023-09-25T09:12:44Z",
                "createdBy": "SOMEBODY.70CMSD",
            },
        },
    }  # fmt: skip
    return orjson.dumps({"awardSummary": [record], "totalRecords": "1", "limit": "100", "offset": "0"})


def names() -> dict[str, Any]:
    return {
        "subtier": {"code": "7012", "name": "U.S. IMMIGRATION AND CUSTOMS ENFORCEMENT"},
        "piid": "70CMSD23FR0000145",
        "modificationNumber": "0",
        "transactionNumber": "0",
        "referencedIDVSubtier": {"code": "8000", "name": "NATIONAL AERONAUTICS AND SPACE ADMINISTRATION"},
        "referencedIDVPiid": "NNG15SD02B",
    }


def deletion() -> bytes:
    return orjson.dumps({"awardSummary": [{"contractId": names()}], "totalRecords": "1"})


PAYLOADS: dict[str, Callable[..., bytes]] = {USASPENDING: usaspending, FPDS: fpds, AWARDS: awards}
EMPTY = {
    USASPENDING: b'{"results":[],"page_metadata":{"hasNext":false}}',
    FPDS: b'<feed xmlns="http://www.w3.org/2005/Atom"><title>FPDS-NG search results</title></feed>',
    AWARDS: b'{"awardResponse":{"totalRecords":"0","limit":"100","offset":"0","message":"No Data found"}}',
}


def record(folder: Path, name: str, payload: bytes, day: int, window: Window | None = None) -> Path:
    """A recording of one answer, received so many days after 1 October 2023, to the first request of a window."""
    asked = next(iter(SPIDERS[name](source(name)).requests(window or WINDOWS[name])))
    capture = Capture(
        id=new_id(), source=name, method=asked.method, url=asked.url, request_body=asked.body, status=200,
        media_type="application/xml" if name == FPDS else "application/json",
        fetched_at=datetime(2023, 10, 1, 12, tzinfo=UTC) + timedelta(days=day),
        payload_sha256=hashlib.sha256(payload).hexdigest(), payload_length=len(payload), origin=Origin.REBUILT,
        recorder="a test", note="Made for a test.",
    )  # fmt: skip
    own = folder / capture.id
    with WarcWriter(own, "", name="made.warc.gz") as writer:
        writer.write(capture, (), (), io.BytesIO(payload))
    return own
