"""The page a registrant sees after scanning the poster: one response with everything in it, for every phone.

Called by `edge.form_pages` (once per site, language and publication, and for every page that comes back with
problems) and by `edge.receipt_pages` for corrections. It works without script; `page/*.js` makes it quicker. Must
not know: HTTP, where answers go, what is valid.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property, lru_cache
from typing import Any, Final

from markupsafe import Markup

from tianbao.domain.expressions import Expression, parse
from tianbao.domain.forms import Form, Kind, Path, Question, QuestionType, Text, text_in, walk_questions
from tianbao.domain.problems import Code, Problem
from tianbao.domain.sites import Installation, Site
from tianbao.render.messages import answer_message, message
from tianbao.render.pages import page_csp, queue_texts, render_page, script, script_json
from tianbao.texts import Translator

__all__ = ["EMPTY", "Filled", "Purpose", "form_page", "page_csp"]

CHOICE_ROWS_MAX: Final = 6
"""Choices of a select_one that are shown as rows to touch; more become a drop-down list."""
SUMMARY_MAX: Final = 50
"""Problems in the summary; all of them stand beside their questions."""


@dataclass(frozen=True, slots=True)
class Filled:
    """What a page comes filled in with.

    `values` are in the flat shape of domain.answers; `rows` says how many rows of a repeat to show where there
    are more than values; `candidates` are the (code, full name) an unclear place may mean, best first.
    """

    values: Mapping[str, list[str]] = field(default_factory=dict)
    rows: Mapping[str, int] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    candidates: Mapping[Path, tuple[tuple[str, str], ...]] = field(default_factory=dict)


EMPTY: Final = Filled()


class Purpose(Enum):
    """What the page is for: a new registration, or a correction of one through its receipt."""

    REGISTER = "register"
    CORRECT = "correct"


def form_page(
    *,
    installation: Installation,
    site: Site,
    form: Form,
    language: str,
    _: Translator,
    action: str,
    filled: Filled = EMPTY,
    purpose: Purpose = Purpose.REGISTER,
    hidden: Mapping[str, str] = {},
) -> str:
    """The page as HTML. `action` is where it posts to, `hidden` are fields of the page that go with it.

    A new registration that starts empty is the same for everyone; only it is kept and sent by script, since a
    page that comes filled in holds masked numbers which only a form post restores.
    """
    sheet = Sheet(form, language, _, filled)
    sends_by_script = purpose is Purpose.REGISTER and filled == EMPTY and not hidden
    is_correction = purpose is Purpose.CORRECT
    return render_page(
        "form_page.html.j2",
        installation=installation,
        language=language,
        _=_,
        languages=form.languages,
        styles=("page.css", "form.css"),
        scripts=_scripts(form, _, sends_by_script=sends_by_script),
        sheet=sheet,
        site=site,
        action=action,
        hidden=hidden,
        sends_by_script=sends_by_script,
        heading=_("Correct your registration") if is_correction else text_in(form.title, language),
        button=_("Save the correction") if is_correction else _("Register"),
    )


@dataclass(frozen=True)
class Sheet:
    """A form as it is being shown: its questions together with what was filled in and what is wrong.

    Without slots, because what is wrong is sorted by path once.
    """

    form: Form
    language: str
    _: Translator
    filled: Filled

    @property
    def candidates(self) -> Mapping[Path, tuple[tuple[str, str], ...]]:
        return self.filled.candidates

    @property
    def not_acknowledged(self) -> str:
        return message(Problem(Code.NOT_ACKNOWLEDGED), self._)

    @property
    def summary(self) -> list[tuple[Path, str]]:
        """Every problem as (path of the field to go to, sentence); the path is empty where there is no field."""
        pairs = [(path, sentence) for path, sentences in self._sentences.items() for sentence in sentences]
        return [(path if self._is_shown(path) else "", sentence) for path, sentence in pairs[:SUMMARY_MAX]]

    def text(self, text: Text) -> str:
        return text_in(text, self.language)

    def values(self, path: Path) -> list[str]:
        return self.filled.values.get(path, [])

    def value(self, path: Path) -> str:
        return next(iter(self.values(path)), "")

    def rows(self, path: Path) -> int:
        """Rows of a repeat to show: as asked for, at least those with values, and one to begin with."""
        row = re.compile(re.escape(path) + r"\.([0-9]{1,4})\.")
        with_values = [int(match[1]) + 1 for name in self.filled.values if (match := row.match(name))]
        return max(1, self.filled.rows.get(path, 0), *with_values)

    def problems(self, path: Path) -> list[str]:
        return self._sentences.get(path, [])

    def is_choice_rows(self, question: Question) -> bool:
        """Whether the choices are rows to touch instead of a drop-down list."""
        if question.type is QuestionType.SELECT_MULTIPLE:
            return True
        return question.type is QuestionType.SELECT_ONE and len(question.choices) <= CHOICE_ROWS_MAX

    def described(self, question: Question, path: Path) -> dict[str, str]:
        """The attributes that tie a field to its hint and its problem."""
        has_problem = bool(self.problems(path))
        ids = [f"{path}:h"] * bool(question.hint) + [f"{path}:e"] * has_problem
        attributes = {"aria-describedby": " ".join(ids)} if ids else {}
        return {**attributes, "aria-invalid": "true"} if has_problem else attributes

    def field_attributes(self, question: Question, prefix: str) -> dict[str, str]:
        """What helps the keyboard of a phone; autocomplete only for the person who registers, not for others."""
        attributes = dict(_BY_TYPE.get(question.type) or _BY_KIND.get(question.kind, {}))
        if prefix and "autocomplete" in attributes:
            attributes["autocomplete"] = "off"
        return {**attributes, "enterkeyhint": "next"}

    def condition(self, question: Question) -> str:
        """The tree of a condition as JSON, for page/expressions.js."""
        return script_json(_condition(question.relevant).tree())

    def condition_hint(self, question: Question, path: Path) -> str:
        """What the condition looks at, in words, for a page without script."""
        names = sorted(_condition(question.relevant).references())
        labels = [self.text(found.label) for name in names if (found := self._in_scope(name, path))]
        return self._("Only if it fits your answer to: {questions}").format(questions=", ".join(labels))

    def _in_scope(self, name: str, path: Path) -> Question | None:
        """The question that a name means at a path: the one beside it, else the nearest further out."""
        around = path
        while around:
            around = around.rpartition(".")[0]
            if found := self.form.question_at(f"{around}.{name}".lstrip(".")):
                return found
        return None

    @cached_property
    def _sentences(self) -> dict[Path, list[str]]:
        unclear = [Problem(Code.PLACE_UNCLEAR, path) for path in self.filled.candidates]
        sentences: dict[Path, list[str]] = {}
        for problem in (*self.filled.problems, *unclear):
            sentence = answer_message(problem, self._, self.form, self.language)
            sentences.setdefault(problem.question, []).append(sentence)
        return sentences

    def _is_shown(self, path: Path) -> bool:
        return self.form.question_at(path) is not None and not path.rpartition(".")[2].isdigit()


@lru_cache(256)
def _condition(source: str) -> Expression:
    return parse(source)


_BY_TYPE: Final[dict[QuestionType, dict[str, str]]] = {
    QuestionType.DATE: {"type": "date", "placeholder": "YYYY-MM-DD"},
    QuestionType.DECIMAL: {"inputmode": "decimal"},
    QuestionType.INTEGER: {"inputmode": "numeric"},
}
_BY_KIND: Final[dict[Kind, dict[str, str]]] = {
    Kind.PERSON_NAME: {"autocomplete": "name", "autocapitalize": "words", "spellcheck": "false"},
    Kind.PHONE: {"type": "tel", "autocomplete": "tel"},
    Kind.DOCUMENT: {"autocapitalize": "characters", "autocomplete": "off", "spellcheck": "false"},
    Kind.TRANSPORT_NUMBER: {"autocapitalize": "characters", "autocomplete": "off", "spellcheck": "false"},
    Kind.PLACE: {"autocomplete": "off", "spellcheck": "false"},
}


def _scripts(form: Form, _: Translator, *, sends_by_script: bool) -> Markup:
    """Only what this form uses."""
    questions = [question for _path, question in walk_questions(form.questions)]
    texts = {"required": message(Problem(Code.REQUIRED), _, "{question}")}
    names = ["type.js", "dom.js", "form.js"]
    uses: list[tuple[bool, tuple[str, ...], Callable[[], dict[str, Any]]]] = [
        (any(choice.exclusive for q in questions for choice in q.choices), ("exclusive.js",), dict),
        (any(q.relevant for q in questions), ("expressions.js", "relevance.js"), dict),
        (any(q.type is QuestionType.REPEAT for q in questions), ("repeats.js",), dict),
        (any(q.kind is Kind.PLACE for q in questions), ("places.js",), lambda: place_texts(_)),
        (sends_by_script, ("store.js", "queue.js", "send.js"), lambda: queue_texts(_)),
    ]
    for is_used, files, more_texts in uses:
        if is_used:
            names.extend(files)
            texts.update(more_texts())
    return script(*names, constants={"T": texts})


def place_texts(_: Translator) -> dict[str, Any]:
    """The words of page/places.js."""
    return {
        "suggestions": _("Suggestions"),
        "levels": [_("Province"), _("City"), _("County"), _("Township")],
    }
