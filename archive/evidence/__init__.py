"""Evidence packs: what the archive can prove of a notice or one of its versions, in one file that others can check.

Layout: docs/evidence.md. ``verify.py`` is copied into every pack; it needs nothing but Python, and nothing of us.
"""
