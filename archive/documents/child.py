"""The process that reads one file: the file is its standard input, what it tells goes to its standard output.

Lines of JSON: what the file is, then pages and findings, then ``end``. Without that last line it did not come to its
end. It limits itself before it loads a reader or looks at the file.
"""

import contextlib
import resource
import sys
from typing import Any

import orjson

from archive.documents.pages import Finding, Format, Limits, Page, PageCount, Told
from archive.documents.reading import read
from archive.processes import die_with_parent


def main() -> None:
    """Read standard input; ``argv[1]``: name and limits as JSON."""
    asked = orjson.loads(sys.argv[1])
    limits = Limits(**asked["limits"])
    confine(limits)
    out = sys.stdout.buffer
    with open(0, "rb", closefd=False) as stream:
        for told in read(stream, asked["name"], limits):
            out.write(orjson.dumps(line_of(told)) + b"\n")
            out.flush()  # what was read is kept if the next page ends this process
    out.write(b'{"end":true}\n')
    out.flush()


def confine(limits: Limits) -> None:
    """Take from this process what a file must not use: memory, time, files, a life after its parent's."""
    die_with_parent()  # where there is no such thing, the limit of time ends it
    seconds = max(1, round(limits.seconds))
    _limit(resource.RLIMIT_AS, limits.memory)
    _limit(resource.RLIMIT_CPU, seconds, seconds + 1)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_CORE, 0)


def line_of(told: Format | Told) -> dict[str, Any]:
    """What is told, as one line of JSON."""
    if isinstance(told, Format):
        return {"format": told.value}
    if isinstance(told, PageCount):
        return {"pages": told.pages}
    if isinstance(told, Page):
        return {
            "page": told.number, "text": told.text, "unit": told.unit, "name": told.name, "member": told.member
        }  # fmt: skip
    assert isinstance(told, Finding)
    return {"finding": told.kind.value, "text": told.text, "member": told.member}


def _limit(kind: int, soft: int, hard: int | None = None) -> None:
    most = resource.getrlimit(kind)[1]
    wanted = [value if most == resource.RLIM_INFINITY else min(value, most) for value in (soft, hard or soft)]
    with contextlib.suppress(OSError, ValueError):  # macOS has no RLIMIT_AS that it keeps
        resource.setrlimit(kind, (wanted[0], wanted[1]))


if __name__ == "__main__":
    main()
