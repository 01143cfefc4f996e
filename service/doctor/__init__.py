"""``noticewatch doctor``: looks at everything that commonly goes wrong and says what to do about it.

Owns: one module a place to look (machine, archive, sources, live).
Never: repairs or appends anything; a check that cannot be made says so and is a finding itself.
"""
