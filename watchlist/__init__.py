"""The watchlist: what makes a notice worth a look, and why.

Owns: the dictionary of vendors, products, sellers and technologies (data files), the matcher (a pure function
from text to tags with evidence), the tagger that applies it to the log, and the radar, which suggests what is missing.
Never: fetches, changes a notice, or gives a tag without a quotable reason.
"""
