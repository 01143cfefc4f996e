"""The program's own dictionary and its matcher, made once a process: nothing changes them."""

from functools import cache

from watchlist.dictionary import Dictionary, load_dictionary
from watchlist.matcher import Matcher


@cache
def dictionary() -> Dictionary:
    return load_dictionary()


@cache
def matcher() -> Matcher:
    return Matcher(dictionary())
