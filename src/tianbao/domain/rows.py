"""Rows of repeats that come and go on a page without script: by a button, or by an answer that counts them.

Between a form post and the page that comes back; everything typed is kept. Must not know: HTTP, HTML.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tianbao.domain.forms import Form, Path, QuestionType, answer_at


def change_rows(
    form: Form, answers: Mapping[str, Any], action: str, *, rows_min: int = 1
) -> tuple[dict[str, Any], dict[Path, int]]:
    """The answers after an action, and how many rows of that repeat to show.

    `add:itinerary`, `remove:itinerary.0`, and within rows `add:household.1.members`. An action that fits no repeat
    changes nothing. `rows_min` is how many rows a page shows of a repeat where there are none.
    """
    verb, _, path = action.partition(":")
    index = ""
    if verb == "remove":
        path, _, index = path.rpartition(".")
    question = form.question_at(path)
    if question is None or question.type is not QuestionType.REPEAT or question.repeat_count:
        return dict(answers), {}
    found = answer_at(answers, path)
    rows = found if isinstance(found, list) else []
    kept = [row for i, row in enumerate(rows) if str(i) != index]
    count = min(max(len(kept), rows_min) + (verb == "add"), question.rows_max)
    changed: dict[str, Any] = _with(answers, path.split("."), kept + [{}] * (count - len(kept)))
    return changed, {path: count}


def count_rows(answers: Any, path: Path = "") -> dict[Path, int]:
    """How many rows stand in each repeat, filled in or not."""
    if isinstance(answers, Mapping):
        parts = [(f"{path}.{name}" if path else name, value) for name, value in answers.items()]
        counts: dict[Path, int] = {}
    elif isinstance(answers, list) and any(isinstance(row, Mapping) for row in answers):
        parts = [(f"{path}.{index}", row) for index, row in enumerate(answers)]
        counts = {path: len(answers)}
    else:
        return {}
    for inner, value in parts:
        counts |= count_rows(value, inner)
    return counts


def cut_rows(answers: Mapping[str, Any], counts: Mapping[Path, int]) -> dict[str, Any]:
    """The answers without the rows that are more than a repeat is to have, by its path."""
    cut = dict(answers)
    for path, count in counts.items():
        rows = answer_at(cut, path)
        if isinstance(rows, list) and len(rows) > count:
            cut = _with(cut, path.split("."), rows[:count])
    return cut


def _with(answers: Any, parts: list[str], rows: list[Any]) -> Any:
    """A copy with other rows at the end of a path that leads to rows."""
    if not parts:
        return rows
    if isinstance(answers, list):
        return [_with(row, parts[1:], rows) if str(i) == parts[0] else row for i, row in enumerate(answers)]
    inner = answers if isinstance(answers, Mapping) else {}
    return {**inner, parts[0]: _with(inner.get(parts[0]), parts[1:], rows)}
