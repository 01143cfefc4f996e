"""One folder a source: ``source.toml`` (facts), ``spider.py`` (what to ask), ``parser.py`` (what an answer says)."""
