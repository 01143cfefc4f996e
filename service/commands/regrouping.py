"""Commands that correct what belongs together: ``correct join``, ``correct split``."""

from typing import Annotated

import typer

from archive import chain_corrections, contract_corrections
from archive.corrections import Correction
from crawlers.source import load_sources
from noticewatch.settings import load_settings
from service.assembly import open_archive
from service.readers import settle

Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; it stands in the public log.")]
Contract = Annotated[bool, typer.Option("--contract", help="Correct contracts, and not chains of postings.")]


def join(named: list[str], reason: str, *, contract: bool) -> Correction:
    """Make notices one, or with ``contract`` their contracts; see the command."""
    _catch_up(contract)
    with open_archive(load_settings()) as archive:
        if contract:
            return contract_corrections.join(archive, named, reason)
        return chain_corrections.join(archive, named, reason, _ranks())


def split(named: str, at: list[str], reason: str, *, contract: bool) -> Correction:
    """Part postings from a notice, or with ``contract`` notices from a contract; see the command."""
    _catch_up(contract)
    with open_archive(load_settings()) as archive:
        if contract:
            return contract_corrections.split(archive, named, at, reason)
        return chain_corrections.split(archive, named, at, reason, _ranks())


def _catch_up(contract: bool) -> None:
    """Let the readers pass the head: contracts are corrected as they are now."""
    if contract:
        settle(load_settings())


def _ranks() -> dict[str, int]:
    return {name: source.rank for name, source in load_sources().items()}
