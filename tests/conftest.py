"""Options of the whole test run."""

from __future__ import annotations

import os

import pytest

# All phones of a test come from one address, many at a time.
os.environ |= {f"TIANBAO_{name}_{measure}": "1e9" for name in ("SITE", "ADDRESS") for measure in ("RATE", "BURST")}


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--rewrite-golden`: write what the golden tests would compare with."""
    parser.addoption("--rewrite-golden", action="store_true", help="write the golden files anew")
