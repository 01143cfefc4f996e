"""How much of its long families of cases a run tries: a few in a developer's, more where CI or a person says so."""

import os
from typing import Final

# taken out of the environment: the program would take them for settings that it does not know
KILLS: Final = int(os.environ.pop("NOTICEWATCH_KILLS", "4"))
"""Random points of a test at which a process is killed or its disk is full; CI tries 10."""
STEP: Final = int(os.environ.pop("NOTICEWATCH_FAULT_STEP", "3"))
"""One fault or damage in so many is tried on each source, not the same ones on all; 1 tries every one, as CI does."""
