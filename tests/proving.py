"""How long and with which seed the proofs run: short and fixed in `make test`, long in `make prove`."""

from __future__ import annotations

import os
from typing import Final

SECONDS: Final = int(os.environ.get("PROVE_SECONDS") or 0)
"""About how long each proof goes on; 0 is its short form."""
SEED: Final = int(os.environ.get("PROVE_SEED") or 7)
"""What the proof's choices follow from; a failure prints it, and the same seed replays it."""
