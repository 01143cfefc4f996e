"""Members of the source's answers that say nothing about the thing: they change when it rebuilds its database."""

import re
from typing import Final

NOISE: Final = re.compile(
    rb'"(?:internal_id|awarding_agency_id|agency_slug)"\s*:\s*(?:"[^"]*"|[^",{}\[\]]*)\s*(?:,\s*)?'
)
"""Members that are cut before a row is hashed."""
