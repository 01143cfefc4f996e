"""Crawlers: fetch what sources publish, judge it, and hand it to the archive.

Owns: one folder a source under ``sources/``, base spiders by access method, the Scrapy add-on (capture, ledger,
politeness), replay of recorded captures, import, windows and their verdicts.
Never: parses anything that was not captured before, appends what was not judged, decides what a notice is worth.
"""
