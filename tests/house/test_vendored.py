"""What is vendored is what its VERSION says, and asks nobody else for anything."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

READER = Path(__file__).resolve().parents[2] / "config" / "static" / "house" / "vendor" / "zxing"


def test_the_code_reader_is_as_noted() -> None:
    noted = (READER / "VERSION").read_text()
    for name in ("zxing_reader.js", "zxing_reader.wasm"):
        assert hashlib.sha256((READER / name).read_bytes()).hexdigest() in noted


def test_the_code_reader_names_no_other_host() -> None:
    assert re.findall(r"https?://[^\"'`\s]+", (READER / "zxing_reader.js").read_text()) == []
