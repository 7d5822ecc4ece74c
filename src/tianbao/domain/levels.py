"""The levels of a form: its root and the inside of each repeat, where names are looked up.

Between a form and what gives its expressions their meaning (`domain.binding`, `domain.validation`). A group is no
level: it lends a prefix to the paths within. docs/adr/0007 has the picture. Must not know: expressions, answers.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from tianbao.domain.forms import Form, Question, QuestionType

ROOT: Final = ""


@dataclass(frozen=True, slots=True, eq=False)
class Level:
    """`path` is the repeat's template path from the root ("household.members"), empty for the root.

    `name` is that path within the level around it. `questions` are all of the level by their dotted path in it,
    in the form's order: groups before what they hold, and repeats, whose insides are `inner` by the same path.
    """

    path: str
    name: str
    outer: Level | None
    questions: dict[str, Question] = field(default_factory=dict)
    inner: dict[str, Level] = field(default_factory=dict)

    def find(self, name: str) -> str | None:
        """The dotted path of the first question of this name in the level itself."""
        return next((path for path, question in self.questions.items() if question.name == name), None)

    def template(self, path: str) -> str:
        """The template path from the form's root of a path within the level."""
        return f"{self.path}.{path}" if self.path else path

    def groups(self, path: str) -> list[str]:
        """The groups around a path within the level, the outermost first."""
        parts = path.split(".")[:-1]
        return [".".join(parts[:count]) for count in range(1, len(parts) + 1)]

    def group(self, path: str) -> str:
        """The group right around a path within the level, ROOT where there is none."""
        return path.rpartition(".")[0]


def make_levels(form: Form) -> dict[str, Level]:
    """Every level by its template path, the root first."""
    levels: dict[str, Level] = {}
    _add(form.questions, Level(ROOT, ROOT, None), "", levels)
    return levels


def level_of(levels: dict[str, Level], template: str) -> tuple[Level, str]:
    """The level a question stands in and its path there, from its template path."""
    around = template
    while around := around.rpartition(".")[0]:
        if around in levels:
            return levels[around], template[len(around) + 1 :]
    return levels[ROOT], template


def _add(questions: tuple[Question, ...], level: Level, prefix: str, levels: dict[str, Level]) -> None:
    levels[level.path] = level
    for question in questions:
        path = prefix + question.name
        level.questions[path] = question
        if question.type is QuestionType.GROUP:
            _add(question.questions, level, f"{path}.", levels)
        elif question.type is QuestionType.REPEAT:
            inner = level.inner[path] = Level(level.template(path), path, level)
            _add(question.questions, inner, "", levels)
