"""The language radar: what the dictionary does not know yet, for a person to judge.

Owns: how many notices of each agency say each phrase (tables beside the log, kept by a reader of it), and the
suggestions that follow: phrases that are new or rise, sellers that the dictionary does not know, notices that are near
to matched ones. Never: changes a tag, or what is suggested by itself into a fact.
"""
