"""The program's own dictionary and its matcher, made once a process: nothing changes them."""

from dataclasses import replace
from functools import cache

from watchlist.dictionary import Dictionary, load_dictionary
from watchlist.matcher import Matcher


@cache
def dictionary() -> Dictionary:
    return load_dictionary()


@cache
def matcher() -> Matcher:
    return Matcher(dictionary())


@cache
def another() -> Matcher:
    """A matcher that finds the same, by a dictionary of another version: what is tagged is to be tagged again."""
    return Matcher(replace(dictionary(), version="another"))
