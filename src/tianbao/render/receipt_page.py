"""The pages of somebody who is registered: the receipt, the one-tap confirmation, withdrawing, forgetting.

After the submission on the way of a registration; called by `edge.receipt_pages` and `edge.form_pages`. They work
without script; with it they send what an earlier visit left unsent. Numbers are shown masked and one's own name in
full, except where the receipt is held up at the gate. Must not know: how a receipt opens what it opens, cookies.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final

from markupsafe import Markup

from tianbao.domain.answers import Answers
from tianbao.domain.forms import Form, Kind, Path, Question, QuestionType, answer_at, label_at, text_in
from tianbao.domain.masking import mask_answers
from tianbao.domain.names import mask_name
from tianbao.domain.sites import Installation, Site
from tianbao.render.answer_list import answer_lines, answer_text
from tianbao.render.doubts import doubt_sentence
from tianbao.render.form_page import EMPTY, Sheet
from tianbao.render.mould import Mould, Poured, hole
from tianbao.render.pages import queue_script, render_page, render_part, script
from tianbao.texts import Translator, translator

_OWN: Final = (
    "number", "query", "masked_name", "registered_at", "registered_at_text", "link", "delete_on", "answers",
    "version", "doubts", "others",
)  # fmt: skip
"""What of a receipt's page is its reader's own, beside `kept`."""


class ReceiptState(StrEnum):
    """How a registration stands. A corrected one is as good as any."""

    REGISTERED = "registered"
    CORRECTED = "corrected"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class ReceiptView:
    """One registration as its owner sees it.

    `number` is written for people (4F7K-2M9Q); `registered_at` is in the site's time zone; `answers` are nested and
    unmasked; `marks` are doubts by path. `others` are the other registrations of this phone: (index, masked name,
    number). `index` is this one's place among them, which its addresses carry.
    """

    number: str
    state: ReceiptState
    registered_at: datetime
    revision: int
    answers: Answers
    marks: Mapping[Path, Sequence[str]]
    own_link: str
    others: tuple[tuple[int, str, str], ...]
    delete_on: date
    index: int = 0

    @property
    def query(self) -> str:
        return f"?i={self.index}" if self.index else ""

    @property
    def kept(self) -> str:
        """What another language of its pages has in its query too."""
        return f"i={self.index}&" if self.index else ""


def receipt_mould(
    *,
    installation: Installation,
    site: Site,
    form: Form,
    language: str,
    _: Translator,
    state: ReceiptState,
    is_named: bool,
) -> Mould:
    """The page after the submission, and whenever one comes back to it: what it is for everybody."""
    html = render_page(
        "receipt.html.j2",
        installation=installation,
        language=language,
        _=_,
        languages=form.languages,
        styles=("page.css", "form.css", "receipt.css"),
        scripts=Markup(";").join((queue_script(_), script("copy.js"))),
        kept=hole("kept"),
        site=site,
        path=site.path(form.name),
        own={name: hole(name) for name in _OWN},
        state=state,
        stands=state is not ReceiptState.WITHDRAWN,
        is_named=is_named,
        words=[
            (tag, _state_word(state, _ if tag == language else translator(tag)))
            for tag in (language, *(tag for tag in form.languages if tag != language))
        ],
    )
    return Mould(html)


def pour_receipt(mould: Mould, *, form: Form, language: str, _: Translator, receipt: ReceiptView) -> Poured:
    """Somebody's own page, from the mould of their form, language and state."""
    masked = mask_answers(form, receipt.answers)
    lines = list(answer_lines(form.questions, masked, language))
    own = {
        "kept": receipt.kept,
        "number": receipt.number,
        "query": receipt.query,
        "masked_name": mask_name(_name_in(form, receipt.answers)),
        "registered_at": receipt.registered_at.isoformat(),
        "registered_at_text": receipt.registered_at.strftime("%Y-%m-%d %H:%M"),
        "link": receipt.own_link,
        "delete_on": receipt.delete_on.isoformat(),
        "answers": render_part("answers.html.j2", "list", lines, f"/R/files/{{}}{receipt.query}"),
        "version": "",
        "doubts": "",
        "others": "",
    }
    if receipt.revision > 1:
        own["version"] = render_part("receipt_parts.html.j2", "version", receipt.revision, _)
    if receipt.marks and receipt.state is not ReceiptState.WITHDRAWN:
        told = [
            (label_at(form, path, language), [doubt_sentence(mark, _) for mark in marks])
            for path, marks in receipt.marks.items()
        ]
        own["doubts"] = render_part("receipt_parts.html.j2", "doubts", told, _)
    if receipt.others:
        own["others"] = render_part("receipt_parts.html.j2", "others", receipt.others, _)
    return mould.pour(own)


def confirm_page(
    *, installation: Installation, site: Site, form: Form, language: str, _: Translator, answers: Answers
) -> str:
    """ "Everything still right?" for a phone that holds a receipt. `answers` are the carried ones, masked.

    What the tap says besides them stands with it: symptoms first, required questions of the moment to answer,
    the acknowledgement at the button.
    """
    symptoms, symptoms_path = form.question_of(Kind.SYMPTOMS), form.path_of(Kind.SYMPTOMS)
    of_the_moment = [
        question
        for question in form.questions
        if question.required and not question.carried and question.type is not QuestionType.ACKNOWLEDGE
    ]
    return render_page(
        "confirm.html.j2",
        installation=installation,
        language=language,
        _=_,
        languages=form.languages,
        styles=("page.css", "form.css", "receipt.css"),
        scripts=queue_script(_),
        site=site,
        path=site.path(form.name),
        title=text_in(form.title, language),
        name=_name_in(form, answers),
        condition=_condition(symptoms, answer_at(answers, symptoms_path), language) if symptoms else None,
        lines=[line for line in answer_lines(form.questions, answers, language) if line.path != symptoms_path],
        sheet=Sheet(form, language, _, EMPTY),
        questions=of_the_moment,
        acknowledgements=[
            text_in(question.label, language)
            for question in form.questions
            if question.type is QuestionType.ACKNOWLEDGE
        ],
    )


def withdraw_page(
    *, installation: Installation, site: Site, form: Form, language: str, _: Translator, receipt: ReceiptView
) -> str:
    """Asks once more before a registration is withdrawn."""
    return render_page(
        "withdraw.html.j2",
        installation=installation,
        language=language,
        _=_,
        languages=form.languages,
        styles=("page.css", "receipt.css"),
        kept=receipt.kept,
        site=site,
        receipt=receipt,
        name=_name_in(form, receipt.answers),
    )


def forgotten_page(*, installation: Installation, language: str, _: Translator) -> str:
    """This phone has forgotten its registrations. It answers a post, so it offers no other language."""
    return render_page(
        "forgotten.html.j2",
        installation=installation,
        language=language,
        _=_,
        languages=(language,),
        styles=("page.css", "receipt.css"),
    )


@dataclass(frozen=True, slots=True)
class _Condition:
    """The last answer about symptoms. `is_alarming`: at least one was named."""

    label: str
    text: str
    is_alarming: bool


def _condition(symptoms: Question, value: Any, language: str) -> _Condition | None:
    if not value:
        return None
    named = value if isinstance(value, list) else [value]
    alone = {choice.name for choice in symptoms.choices if choice.exclusive}
    is_alarming = any(name not in alone for name in named)
    return _Condition(text_in(symptoms.label, language), answer_text(symptoms, value, language), is_alarming)


def _state_word(state: ReceiptState, _: Translator) -> str:
    match state:
        case ReceiptState.REGISTERED:
            return _("Registered")
        case ReceiptState.CORRECTED:
            return _("Registered, corrected")
        case ReceiptState.WITHDRAWN:
            return _("Withdrawn")


def _name_in(form: Form, answers: Mapping[str, Any]) -> str:
    return str(answer_at(answers, form.path_of(Kind.PERSON_NAME)) or "")
