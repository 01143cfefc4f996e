"""A fault bends what it is about and nothing else."""

import json

import pytest

from tests.faults.payloads import with_rows

ANSWER = {"total": 2, "results": [{"name": 'Vérité, "x": y', "at": [1, None]}, {"name": "b", "at": []}], "more": False}


@pytest.mark.parametrize("escaped", [True, False])
@pytest.mark.parametrize("style", [{}, {"separators": (",", ":")}, {"indent": 1}, {"indent": 4}])
def test_rows_that_are_not_bent_keep_their_bytes(style, escaped):
    payload = json.dumps(ANSWER, ensure_ascii=escaped, **style).encode()
    assert with_rows(payload, lambda rows: rows) == payload
