"""The indexer: which notices a question means.

Owns: tokens, the query language, the ``SearchEngine`` protocol and the engines behind it, keeping an index in step
with the log, rebuilding it, and putting found notices into the form readers see.
Never: lets an engine see a user's text, stores what a record holds, or answers from anything but the index and log.
"""
