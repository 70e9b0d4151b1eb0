"""How long a test waits for what must come: far longer than it takes on a busy machine; it only ends what hangs."""

from __future__ import annotations

from typing import Final

PATIENCE_SECONDS: Final = 900
