"""Every kit is filled in at random in a browser, submitted, and found again in the workbook."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.browser
@pytest.mark.slow
def test_every_kit_goes_the_whole_way() -> None:
    done = subprocess.run(
        [sys.executable, "scripts/try_xlsforms.py", "src/tianbao/data/kits", "--page", "--whole-way"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "src")])},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    outcomes = dict(line.split("\t") for line in done.stdout.splitlines())
    assert len(outcomes) == 14, done.stderr
    assert {name: outcome for name, outcome in outcomes.items() if outcome != "imported"} == {}
