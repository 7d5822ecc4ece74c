"""The benches run from the command line and measure what they say: no figure is judged here."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest


def bench(*arguments: str) -> Any:
    command = [sys.executable, "-m", "tianbao", "bench", *arguments, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    return json.loads(done.stdout)


@pytest.mark.parametrize(("what", "bytes_on_disk_min"), [("intake", 500), ("page", 0), ("receipts", 0), ("qr", 0)])
def test_a_rate_is_measured_beside_a_bare_echo(what: str, bytes_on_disk_min: int) -> None:
    table = bench(what, "--seconds", "3")
    assert (table["subject"], table["measured"]["unexpected"]) == (what, 0)
    assert table["measured"]["rate_per_s"] > 0
    assert table["ratios"]["uvicorn"] > 0
    assert table["bytes_on_disk"] >= bytes_on_disk_min


def test_the_stages_are_measured_from_first_to_last() -> None:
    stages = bench("stages", "--seconds", "0.1")["stages"]
    assert len(stages) == 10
    assert all(us > 0 for us in stages.values())


def test_validation_is_measured_with_the_form_of_the_bench() -> None:
    table = bench("validation", "--seconds", "0.1")
    assert (table["questions"], table["conditions"]) == (30, 28)
    assert 0 < table["decode_us"] < table["validate_us"] < table["intake_us"]


def test_millions_are_filled_in_and_measured_beside_none() -> None:
    table = bench("filled", "--rows", "3000", "--seconds", "3")
    assert (table["stored"], table["empty"]["unexpected"], table["filled"]["unexpected"]) == (3000, 0, 0)
    assert table["bytes_on_disk"] > 500
    assert table["ratio"] > 0


def test_a_soak_tells_memory_and_lag() -> None:
    table = bench("soak", "--seconds", "2")
    assert table["measured"]["unexpected"] == 0
    assert table["highest"]["edge_mb"] > 0
    assert table["highest"]["lag_submissions"] > 0
    assert table["projected_per_s"] > 0
