"""Page and server beside each other over many random forms, in batches: what `tests/e2e/test_page_agrees.py` has no time for.

python -m tests.bench.page_agrees FIRST COUNT
"""

from __future__ import annotations

import json
import sys

from tests.e2e.test_page_agrees import disagreements

BATCH = 200
"""Forms that one browser shows."""


def main(first: int, count: int) -> None:
    found = 0
    for start in range(first, first + count, BATCH):
        for seed, differences in disagreements(range(start, min(start + BATCH, first + count))):
            found += 1
            sys.stdout.write(f"{seed} {json.dumps(differences, ensure_ascii=False)[:600]}\n")
    sys.stdout.write(f"{count - found} of {count} forms mean the same\n")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
