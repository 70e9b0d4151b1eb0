"""The types of stock movements: the ledger and the events name them."""

from __future__ import annotations

from typing import Literal

MovementType = Literal["INITIAL", "RESTOCK", "SALE", "RETURN", "ADJUSTMENT", "TRANSFER"]
