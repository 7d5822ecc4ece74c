"""Options of the whole test run."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--rewrite-golden`: write what the golden tests would compare with."""
    parser.addoption("--rewrite-golden", action="store_true", help="write the golden files anew")
