"""Results as a Parquet file: the columns of the CSV file with their types."""

from collections.abc import Iterable, Mapping
from typing import IO, Any, Final

import pyarrow
from pyarrow.parquet import ParquetWriter

from api.exports import COLUMNS, Value, row_of
from archive.rows import NoticeRow
from indexer.items import Item
from noticewatch.database import chunks
from noticewatch.errors import UsageError
from noticewatch.models import HEADLINE_ORDER

_LISTS: Final = ("suppliers", "makers", "vendors", "technologies", "to_be_checked", "numbers")
_AMOUNTS: Final = (*(kind.value for kind in HEADLINE_ORDER), "headline_value", "headline_minimum", "headline_maximum")
_DIGITS, _DECIMALS = 38, 6
_TOGETHER: Final = 5_000


def schema() -> Any:
    """Names and types of the columns: lists of text, decimal numbers, moments in UTC; dates as printed are text."""
    types: Mapping[str, Any] = {
        **dict.fromkeys(_LISTS, pyarrow.list_(pyarrow.string())),
        **dict.fromkeys(_AMOUNTS, pyarrow.decimal128(_DIGITS, _DECIMALS)),
        "rebuilt": pyarrow.bool_(), "version": pyarrow.int32(), "first_seen": pyarrow.timestamp("us", tz="UTC"),
    }  # fmt: skip
    return pyarrow.schema([(name, types.get(name, pyarrow.string())) for name in COLUMNS])


def write_parquet(pairs: Iterable[tuple[Item, NoticeRow]], base: str, file: IO[bytes]) -> None:
    """Write the file, some thousand rows a group. Raises UsageError for an amount that its column cannot hold."""
    columns = schema()
    with ParquetWriter(file, columns, compression="zstd") as writer:
        for group in chunks(pairs, _TOGETHER):
            writer.write_table(_table([row_of(item, row, base) for item, row in group], columns))


def _table(rows: list[dict[str, Value]], columns: Any) -> Any:
    try:
        return pyarrow.Table.from_pylist(rows, columns)
    except pyarrow.ArrowInvalid as error:
        raise UsageError(f"A column of Parquet cannot hold a value ({error}); choose --format csv or jsonl.") from error
