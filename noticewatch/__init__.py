"""The shared vocabulary of all rooms.

Owns: the models of the data, settings, database access, errors, money, dates, numbers, the buyers table
and the normal form of text. Every other room speaks in these words.
Never: fetches, stores a notice, or knows how one is searched. It imports no other room.
"""

__version__ = "0.1.0"
