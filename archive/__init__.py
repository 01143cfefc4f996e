"""The archive: what was received, what it said, and in which order we learned it.

Owns: captures (WARC), records, the log of events and its readers' cursors, versions and their differences,
chains of revisions, joins into procurements, and the ledger of runs, windows and requests.
Never: fetches from a source, knows a source's format, tags a notice, or searches text.
"""
