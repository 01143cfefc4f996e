"""Lines ``id,title`` under a header, as in the tiny file."""

from tests.crawlers.tiny_file.parser import read_row, rows

__all__ = ["read_row", "rows"]
