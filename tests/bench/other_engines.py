"""The shared vectors of expressions put to the engines of other tools: where they and we agree, and where not.

    npm install --prefix FOLDER @getodk/xpath openrosa-xpath-evaluator jsdom temporal-polyfill crypto-js
    python -m tests.bench.other_engines FOLDER

prints a line for every vector on which one of them comes to another value, and the counts. docs/expressions.md says
what we decided on each kind of difference. Nothing of theirs is part of Tianbao.
"""

from __future__ import annotations

import json
import math
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from tests.expression_cases import ZONE, Case, make_case, vectors

from tianbao.domain.evaluation import Row, write_answer
from tianbao.domain.forms import Choice, text_in
from tianbao.domain.levels import ROOT, Level, level_of, make_levels

ENGINES = ("webForms", "enketo")
_NAME = re.compile(r"\$\{ *([^} ]+) *\}")


def main(folder: str) -> None:
    asked = [vector for vector in vectors() if "error" not in vector and "choice" not in vector]
    counts: Counter[tuple[str, str]] = Counter()
    for zone in sorted({vector.get("zone", ZONE) for vector in asked}):
        here = [vector for vector in asked if vector.get("zone", ZONE) == zone]
        for vector, said in zip(here, _ask(folder, zone, here), strict=True):
            for engine in ENGINES:
                verdict = _judge(vector, said[engine])
                counts[engine, verdict] += 1
                if verdict != "agrees":
                    ours = vector.get("value", vector.get("about"))
                    print(
                        f"{engine:9} {verdict:8} {vector['expression'][:90]}  ours {ours!r}  theirs {said[engine]!r}"
                    )
    for engine in ENGINES:
        print(engine, {verdict: counts[engine, verdict] for verdict in ("agrees", "differs", "refuses")})


def _ask(folder: str, zone: str, asked: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    lines = "".join(json.dumps({**_line(make_case(vector)), "type": _type(vector)}) + "\n" for vector in asked)
    done = subprocess.run(
        ["node", str(Path(__file__).with_suffix(".mjs")), folder],
        input=lines,
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "TZ": zone},
        timeout=600,
    )
    return map(json.loads, done.stdout.splitlines())


def _type(vector: Mapping[str, Any]) -> int:
    """XPathResult's NUMBER_TYPE, STRING_TYPE or BOOLEAN_TYPE, as a form would take the value."""
    ours = vector.get("value", vector.get("about"))
    return 3 if isinstance(ours, bool) else 2 if isinstance(ours, str) else 1


def _judge(vector: Mapping[str, Any], value: Any) -> str:
    if isinstance(value, dict) and "error" in value:
        return "refuses"
    ours = vector.get("value", vector.get("about"))
    if isinstance(ours, (int, float)) and isinstance(value, (int, float)) and not isinstance(ours, bool):
        return "agrees" if math.isclose(ours, value, rel_tol=1e-9, abs_tol=1e-9) else "differs"
    return "agrees" if ours == value and type(ours) is type(value) else "differs"


def _line(case: Case) -> dict[str, Any]:
    levels = make_levels(case.form)
    level, path = level_of(levels, case.at)
    at: list[tuple[str, int]] = []
    around = levels[ROOT]
    for repeat, index in case.route:
        *groups, name = repeat.split(".")
        at += [*((group, 0) for group in groups), (name, index)]
        around = around.inner[repeat]
    at += [(part, 0) for part in path.split(".")]
    return {
        "expression": _NAME.sub(lambda match: _path(match[1], level, path, levels), case.expression),
        "data": f"<data>{_xml(case.root, levels[ROOT])}</data>",
        "lists": _lists(case),
        "at": at,
        "now": case.moment.now.timestamp() * 1000,
    }


def _path(name: str, level: Level, path: str, levels: Mapping[str, Level]) -> str:
    """As pyxform writes a reference: from the question within a repeat, else from the root."""
    around: Level | None = level
    steps = len(path.split("."))
    while around is not None and around.outer is not None:
        if (found := around.find(name)) is not None:
            return "/".join([*[".."] * steps, *found.split(".")])
        steps += len(around.name.split("."))
        around = around.outer
    template = next(
        (each.template(found) for each in levels.values() if (found := each.find(name)) is not None), name
    )
    return "/data/" + template.replace(".", "/")


def _xml(row: Row, level: Level, prefix: str = "") -> str:
    written: list[str] = []
    for path, question in level.questions.items():
        if path.rpartition(".")[0] != prefix:
            continue
        if path in level.inner:
            rows = row.rows.get(path, [])
            written += [f"<{question.name}>{_xml(each, level.inner[path])}</{question.name}>" for each in rows]
        elif question.questions:
            written.append(f"<{question.name}>{_xml(row, level, path)}</{question.name}>")
        else:
            text = escape(write_answer(row.values.get(path)))
            written.append(f"<{question.name}>{text}</{question.name}>")
    return "".join(written)


def _lists(case: Case) -> dict[str, str]:
    return {
        name: f'<instance id="{name}"><root>{"".join(map(_item, choices))}</root></instance>'
        for name, choices in case.form.lists.items()
    }


def _item(choice: Choice) -> str:
    columns = {"name": choice.name, "label": text_in(choice.label, "en"), **choice.columns}
    return f"<item>{''.join(f'<{name}>{escape(value)}</{name}>' for name, value in columns.items())}</item>"


if __name__ == "__main__":
    main(sys.argv[1])
