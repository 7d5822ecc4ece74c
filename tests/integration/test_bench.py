"""The benches run from the command line and measure what they say: no figure is judged here."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any


def bench(*arguments: str) -> Any:
    command = [sys.executable, "-m", "tianbao", "bench", *arguments, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    return json.loads(done.stdout)


def test_the_intake_is_measured_beside_a_bare_echo() -> None:
    table = bench("intake", "--seconds", "3")
    assert table["intake"]["rate_per_s"] > 0
    assert table["intake"]["unexpected"] == 0
    assert 0 < table["ratios"]["uvicorn"] < 1
    assert table["bytes_on_disk"] > 500


def test_validation_is_measured_with_the_form_of_the_bench() -> None:
    table = bench("validation", "--seconds", "0.1")
    assert (table["questions"], table["conditions"]) == (30, 28)
    assert 0 < table["decode_us"] < table["validate_us"] < table["intake_us"]
