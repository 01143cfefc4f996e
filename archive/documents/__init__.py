"""Documents of notices and their text.

Owns which documents a notice names, which captured file answers each, and the text of every file with its pages. A file
comes from strangers: it is read in a process of its own, within limits, and what goes wrong there is a finding in
words. Never fetches anything, never changes a file, never lets a file decide what happens to a notice.
"""
