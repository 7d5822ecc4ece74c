"""The expression language on the page: the same vectors under Node, in one process."""

from __future__ import annotations

import json
import subprocess
from importlib.resources import files
from pathlib import Path

from tianbao.domain.evaluation import write_answer
from tianbao.domain.expressions import parse
from tianbao.domain.patterns import SUBJECT_LENGTH_MAX

VECTORS = Path(__file__).parents[1] / "vectors"
SCRIPT = files("tianbao.render").joinpath("page/expressions.js")


def test_page_gives_every_vector_the_same_value() -> None:
    vectors = [
        vector for vector in json.loads((VECTORS / "expressions.json").read_text("utf-8")) if "value" in vector
    ]
    cases = [
        {
            "tree": parse(vector["expression"]).tree(),
            "answers": {name: write_answer(answer) for name, answer in vector.get("answers", {}).items()},
        }
        for vector in vectors
    ]
    done = subprocess.run(
        ["node", str(VECTORS / "evaluate.js"), str(SCRIPT)],
        input="".join(json.dumps(case) + "\n" for case in cases),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    values = [json.loads(line) for line in done.stdout.splitlines()]
    wrong = [
        (vector["expression"], vector["value"], value)
        for vector, value in zip(vectors, values, strict=True)
        if value != vector["value"] or isinstance(value, bool) != isinstance(vector["value"], bool)
    ]
    assert wrong == []


def test_page_has_the_same_limit_for_what_a_pattern_matches() -> None:
    assert f"length <= {SUBJECT_LENGTH_MAX}" in SCRIPT.read_text("utf-8")
