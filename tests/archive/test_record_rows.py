"""A version leads to the archived bytes of the record that gave it."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from archive import queries, tables
from archive.record_rows import record_rows
from tests.conftest import Small
from tests.databases import kind

pytestmark = pytest.mark.both_databases


def test_every_version_leads_to_the_record_of_its_own_revision(smalls: Callable[[str], Small]) -> None:
    archive = smalls(kind()).archive
    with archive.reading() as connection:
        numbers = list(connection.scalars(select(tables.notices.c.number)))
        versions = queries.histories(connection, numbers)
        rows = record_rows(connection, versions)
        assert set(rows) == {(number, one.version) for number, some in versions.items() for one in some}
        ids = {row.number: row.id for row in queries.notices(connection, numbers).values()}
        for (number, version), row in rows.items():
            (one,) = [one for one in versions[number] if one.version == version]
            capture = queries.capture(connection, one.capture_id)
            assert capture is not None
            (record,) = queries.capture_rows(connection, capture.number, after=row - 1, limit=1)
            assert (record.row, record.notice_id) == (row, ids[number])


def test_of_what_is_not_held_nothing_is_said(smalls: Callable[[str], Small]) -> None:
    with smalls(kind()).archive.reading() as connection:
        assert record_rows(connection, {}) == {}
        assert record_rows(connection, {10**6: []}) == {}
