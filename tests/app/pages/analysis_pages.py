"""Where the pages are."""

from __future__ import annotations

from pathlib import Path

MAIN = Path(__file__).resolve().parents[3] / "app" / "main.py"


PAGES = (None, "views/trust.py", "views/satisfaction.py", "views/merchant.py")
