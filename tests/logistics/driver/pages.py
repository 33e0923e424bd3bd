"""Read a page as a person does: its words in order, without tags."""

from __future__ import annotations

import html
import re
from typing import Any


def text_of(answer: Any) -> str:
    body = answer.content.decode().partition("<body>")[2]
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())
