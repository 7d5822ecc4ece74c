"""Golden files: pages as they should be, compared tag by tag, without their styles and scripts."""

from __future__ import annotations

import re
from pathlib import Path

_HERE = Path(__file__).parent
_INLINE = re.compile(r"<(style|script)>.*?</\1>", re.DOTALL)


def marked(text: str) -> str:
    """A translator whose texts show that they passed through it."""
    return f"「{text}」"


def assert_golden(name: str, html: str, *, rewrite: bool) -> None:
    """Compares a page with `golden/NAME.html`; `--rewrite-golden` writes it."""
    path = _HERE / f"{name}.html"
    text = _INLINE.sub(r"<\1></\1>", html).replace("><", ">\n<") + "\n"
    if rewrite:
        path.write_text(text, "utf-8")
    assert text == path.read_text("utf-8")
