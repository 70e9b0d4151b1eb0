"""How long and with which seed the proofs run: short and fixed in `make test`, long in `make prove`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

SECONDS: Final = int(os.environ.get("PROVE_SECONDS") or 0)
"""About how long each proof goes on; 0 is its short form."""
WORKERS: Final = ("1", "2") if SECONDS else ("2",)
"""The numbers of workers of a proof's server; its short form runs with several, which can go wrong in more ways."""
SEED: Final = int(os.environ.get("PROVE_SEED") or 7)
"""What the proof's choices follow from; a failure prints it, and the same seed replays it."""
MEMORY: Final = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - a folder is made in it
"""Where files cost no disk, for proofs that are not about the disk; None where the system has no such place."""
