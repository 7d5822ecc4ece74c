"""The designer: one draft on the screen, saved at every change, and what becomes of it.

Its page (`static/console/forms/designer.js`) sends the whole definition with the revision it was based on, and
perhaps an act to be done with it; it gets back the definition, what is wrong with it, and its conditions as rows.
Must not know: how an act is done (`services.form_acts`).
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Any, Concatenate, ParamSpec
from uuid import UUID

from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tianbao.console.context import reader_language
from tianbao.console.door import needs
from tianbao.console.forms_words import (
    LANGUAGE_NAMES,
    block_words,
    comparison_words,
    field_words,
    kind_words,
    sentences,
    shelf_words,
)
from tianbao.console.middleware import POLICY, StaffRequest
from tianbao.console.notices import tell
from tianbao.domain.access import Permission
from tianbao.domain.condition_picking import pick_condition
from tianbao.domain.files import IMAGE_BYTES_MAX
from tianbao.domain.form_checks import check_form
from tianbao.domain.form_difference import find_differences
from tianbao.domain.form_problems import FormCode
from tianbao.domain.forms import Form, Question, dump_form, label_at, load_form, text_in, walk_questions
from tianbao.domain.problems import Code, Refused, refuse
from tianbao.render.form_messages import form_message
from tianbao.services import form_drafts as services
from tianbao.services.form_acts import CONDITIONS, do_act, name_choices, read_definition
from tianbao.services.form_pictures import keep_picture
from tianbao.services.question_types import BLOCKS, KINDS, kind_of
from tianbao.services.refusals import message
from tianbao.store.models import FormDraft

_OF_THE_QUESTION = {FormCode.NO_LABEL, FormCode.EMPTY_GROUP, FormCode.NO_CALCULATION, FormCode.DEFAULT_TWICE}
"""Problems whose {name} is the question's own."""
_P = ParamSpec("_P")
_STATUS = {Code.CHANGED_MEANWHILE: 409, Code.NOT_FOUND: 404, Code.MALFORMED_JSON: 400}


@needs(Permission.CHANGE_FORMS)
@require_GET
def show_draft(request: StaffRequest, draft_id: UUID) -> HttpResponse:
    """The designer itself."""
    draft = services.find_draft(draft_id)
    form = load_form(draft.definition)
    published = services.published_form(draft)
    path = reverse("console:forms_draft", args=[draft.id])
    config = {
        "draft": _describe(draft, form),
        "published": [path for path, _q in walk_questions(published.questions)] if published else [],
        "urls": {name: f"{path}/{name}" for name in ("save", "picture", "merge", "preview", "publish")},
        "language": reader_language(),
        "languageNames": LANGUAGE_NAMES,
        "kinds": [
            {"key": kind.key, "shelf": kind.shelf.value, "words": kind_words()[kind.key]} for kind in KINDS.values()
        ],
        "shelves": shelf_words(),
        "blocks": [{"key": key, "name": block_words()[key]} for key in BLOCKS],
        "comparisons": comparison_words(),
        "fields": field_words(),
    }
    context = {
        "draft": draft,
        "title": text_in(form.title, reader_language()),
        "config": config,
        "words": _words(),
        "sites": services.carrying_sites(draft.name),
    }
    answer = render(request, "console/forms_designer.html", context)
    answer["Content-Security-Policy"] = f"{POLICY}; frame-src 'self'"
    return answer


def _answers_json(
    view: Callable[Concatenate[StaffRequest, _P], dict[str, Any]],
) -> Callable[Concatenate[StaffRequest, _P], JsonResponse]:
    """A view of the designer's own requests: a refusal is JSON too."""

    @wraps(view)
    def answer(request: StaffRequest, /, *args: _P.args, **kwargs: _P.kwargs) -> JsonResponse:
        try:
            return JsonResponse(view(request, *args, **kwargs))
        except Refused as refused:
            problem = refused.problems[0]
            said = {
                "code": problem.code.value,
                "message": message(problem, _, field_words().get(problem.question, "")),
            }
            return JsonResponse(said, status=_STATUS.get(problem.code, 422))

    return answer


@needs(Permission.CHANGE_FORMS)
@require_POST
@_answers_json
def save(request: StaffRequest, draft_id: UUID) -> dict[str, Any]:
    """Saves a definition, after an act if one is asked for."""
    posted = _read_json(request)
    draft = services.find_draft(draft_id)
    form, at = name_choices(read_definition(posted["definition"])), ""
    if act := posted.get("act"):
        form, at = do_act(form, act, services.published_form(draft))
        form = name_choices(form)
    draft = services.save_draft(
        draft_id=draft_id, revision=_revision(posted), form=form, staff=request.user, now_ms=_now_ms()
    )
    return {**_describe(draft, form), "at": at}


@needs(Permission.CHANGE_FORMS)
@require_POST
@_answers_json
def add_picture(request: StaffRequest, draft_id: UUID) -> dict[str, Any]:
    """Keeps a picture for a question or choice of the draft; its page puts the name into the definition."""
    services.find_draft(draft_id)
    file = request.FILES.get("picture")
    if file is None:
        raise refuse(Code.REQUIRED, "image")
    return {"name": keep_picture(file.read(IMAGE_BYTES_MAX + 1), now_ms=_now_ms())}


@needs(Permission.CHANGE_FORMS)
@require_POST
@_answers_json
def merge(request: StaffRequest, draft_id: UUID) -> dict[str, Any]:
    """What somebody else changed meanwhile, and both together if nothing was changed by both."""
    posted = _read_json(request)
    base, mine = read_definition(posted["base"]), read_definition(posted["definition"])
    draft, merged = services.merge_draft(draft_id=draft_id, base=base, mine=mine)
    theirs, language = load_form(draft.definition), reader_language()
    return {
        **_describe(draft, theirs),
        "merged": None if merged.conflicts else dump_form(merged.form),
        "conflicts": [label_at(mine, path, language) or path for path in merged.conflicts],
        "changes": _listed(base, theirs),
    }


@needs(Permission.CHANGE_FORMS)
@require_http_methods(["GET", "POST"])
def show_publish(request: StaffRequest, draft_id: UUID) -> HttpResponse:
    """What publishing would change and where; and publishing."""
    draft = services.find_draft(draft_id)
    form, before = load_form(draft.definition), services.published_form(draft)
    newest = services.newest_version(draft.name)
    if request.method == "POST":
        row = services.publish_draft(
            draft_id=draft_id,
            revision=_number(request.POST.get("revision", "")),
            newest=_number(request.POST.get("newest", "")),
            staff=request.user,
            now_ms=_now_ms(),
        )
        if row.version == newest:
            tell(request, _("Nothing has changed since version {version}.").format(version=newest))
            return redirect("console:forms_form", draft.name)
        tell(request, _("Version {version} is published.").format(version=row.version))
        return redirect(
            "console:forms_form" if services.carrying_sites(draft.name) else "console:form_sites", draft.name
        )
    language = reader_language()
    context = {
        "draft": draft,
        "title": text_in(form.title, language),
        "newest": newest,
        "next": newest + 1,
        "problems_found": [problem for problem in _problems(form, language) if not problem["isNotice"]],
        "count": sum(question.is_answered for _path, question in walk_questions(form.questions)),
        "sentences": sentences(find_differences(before, form), before, form, language) if before else [],
        "sites": services.carrying_sites(draft.name),
    }
    return render(request, "console/forms_publish.html", context)


@needs(Permission.CHANGE_FORMS)
@require_POST
def discard(request: StaffRequest, draft_id: UUID) -> HttpResponse:
    """Throws the draft away."""
    services.discard_draft(draft_id=draft_id, staff=request.user, now_ms=_now_ms())
    tell(request, _("The draft is thrown away."))
    return redirect("console:forms")


def _describe(draft: FormDraft, form: Form) -> dict[str, Any]:
    """The draft as the designer's page works with it. Times in milliseconds since 1970."""
    return {
        "definition": dump_form(form),
        "revision": draft.revision,
        "by": draft.staff.get_username() if draft.staff else "",
        "updatedMs": draft.updated_ms,
        "kinds": {path: kind_of(question) for path, question in walk_questions(form.questions)},
        "picked": {
            path: picked for path, question in walk_questions(form.questions) if (picked := _picked(question))
        },
        "problems": _problems(form, reader_language()),
    }


def _picked(question: Any) -> dict[str, Any]:
    """Field → its condition as rows, None where rows cannot say it; only fields that hold one."""
    picked: dict[str, Any] = {}
    for field in CONDITIONS:
        if text := getattr(question, field):
            found = pick_condition(text)
            picked[field] = found and {
                "joined": found.joined.value,
                "rows": [
                    {
                        "question": row.question,
                        "comparison": row.comparison.value,
                        "value": row.value,
                        "value_type": row.value_type.value,
                    }
                    for row in found.rows
                ],
            }
    return picked


def _problems(form: Form, language: str) -> list[dict[str, Any]]:
    """A clerk knows questions by what they ask, not by the names they have in the table."""
    called = {question.name: _called(question, language) for _path, question in walk_questions(form.questions)}
    problems = []
    for problem in check_form(form):
        path = problem.question or _user_of(form, problem.choice_list)
        question = form.question_at(path) if path else None
        values = dict(problem.parameters)
        if problem.code in _OF_THE_QUESTION:
            values["name"] = called[str(values["name"])]
        elif problem.code is FormCode.CYCLE:
            values["names"] = " → ".join(called[name] for name in str(values["names"]).split(" → "))
        elif question and "list" in values:
            values["list"] = _called(question, language)
        problems.append(
            {
                "path": path,
                "field": "choices" if problem.choice_list else problem.field,
                "isNotice": problem.is_notice,
                "about": _called(question, language) if question else "",
                "text": form_message(replace(problem, parameters=values), _),
            }
        )
    return problems


def _called(question: Question, language: str) -> str:
    """What is asked, or the kind of question where nothing is written yet."""
    kind = kind_words().get(kind_of(question))
    return text_in(question.label, language) or (kind[0] if kind else question.name)


def _user_of(form: Form, choice_list: str) -> str:
    """The first question that chooses from a list; empty if none does."""
    if not choice_list:
        return ""
    return next((path for path, found in walk_questions(form.questions) if found.choice_list == choice_list), "")


def _listed(before: Form, after: Form) -> list[dict[str, str]]:
    return [
        {"about": one.about, "text": one.text, "before": one.before, "after": one.after}
        for one in sentences(find_differences(before, after), before, after, reader_language())
    ]


def _read_json(request: StaffRequest) -> dict[str, Any]:
    try:
        posted = json.loads(request.body)
    except (ValueError, RecursionError):
        raise refuse(Code.MALFORMED_JSON) from None
    if not isinstance(posted, dict) or not {"definition", "revision"} <= posted.keys():
        raise refuse(Code.MALFORMED_JSON)
    return posted


def _revision(posted: dict[str, Any]) -> int:
    revision = posted["revision"]
    if type(revision) is not int:
        raise refuse(Code.MALFORMED_JSON)
    return revision


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) <= 9 else -1


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _words() -> dict[str, str]:
    """What the designer's script says."""
    return {
        "saved": _("Saved"),
        "saving": _("Saving…"),
        "unsaved": _("Not saved yet"),
        "offline": _("No connection. Your changes are kept on this page and saved as soon as it is back."),
        "signedOut": _("You are signed out. Sign in again in another window; then this page goes on."),
        "gone": _("This draft was published or thrown away meanwhile."),
        "refused": _("This change could not be made."),
        "removed": _("“{question}” is removed."),
        "undo": _("Undo"),
        "addInside": _("Add a question in here"),
        "ready": _("Ready-made"),
        "empty": _("No question yet. What do you want to know?"),
        "nameless": _("(no text yet)"),
        "up": _("Move up"),
        "down": _("Move down"),
        "movedTo": _("“{question}” is now number {position} of {count}."),
        "copy": _("Copy"),
        "remove": _("Remove"),
        "problemsNone": _("No problems"),
        "problemsOne": _("1 problem"),
        "problemsMany": _("{count} problems"),
        "required": _("Must be answered"),
        "label": _("Question"),
        "labelSection": _("Heading"),
        "labelNote": _("Text to read"),
        "addHint": _("Add help below the question"),
        "picture": _("Picture"),
        "addPicture": _("Add a picture"),
        "removePicture": _("Remove the picture"),
        "pictureRemoved": _("The picture is removed."),
        "pictureMissing": _("“{file}” did not come with the form."),
        "pictureFails": _("The picture could not be sent. Please try again."),
        "choicePictures": _("Pictures for the choices"),
        "sending": _("The picture is being sent…"),
        "cancel": _("Cancel"),
        "kind": _("Kind"),
        "choices": _("Choices"),
        "choice": _("Choice {number}"),
        "addChoice": _("Add a choice"),
        "paste": _("Paste many"),
        "pasteHelp": _("One choice a line, as copied from Excel or WPS; further columns are the other languages."),
        "exclusive": _("Stands alone"),
        "shared": _("The same choices are used by: {questions}"),
        "search": _("Find a choice"),
        "choicesMore": _("{count} more choices. Type to find one."),
        "relevant": _("When is it asked?"),
        "always": _("Always"),
        "onlyIf": _("Only if …"),
        "all": _("all of these hold"),
        "any": _("any of these holds"),
        "addRow": _("Add a condition"),
        "pickQuestion": _("Choose a question"),
        "pickValue": _("Choose"),
        "asText": _("As an expression"),
        "typed": _("This condition is more than rows can say. Here is its text."),
        "noneBefore": _("There is no other question to depend on yet."),
        "limits": _("Allowed answers"),
        "from": _("At least"),
        "to": _("At most"),
        "notPast": _("Not before today"),
        "notFuture": _("Not after today"),
        "limitSays": _("Said when the answer does not fit"),
        "rowsMax": _("At most how many times"),
        "lengthMax": _("Longest answer (characters)"),
        "scaleFrom": _("From"),
        "scaleTo": _("To"),
        "calculation": _("Calculation"),
        "calculationHelp": _("For example ${adults} + ${children}"),
        "more": _("More"),
        "name": _("Name in the table and in conditions"),
        "namePublished": _("Published already. Under another name it becomes another column."),
        "guidance": _("Longer help"),
        "default": _("Filled in beforehand"),
        "carried": _("Filled in again on the same phone the next time"),
        "title": _("Title of the form"),
        "languages": _("Languages"),
        "addLanguage": _("Add a language"),
        "removeLanguage": _("Remove {language}"),
        "removeLanguageSure": _("All texts in this language go. You can undo it."),
        "missing": _("{count} texts are missing in {language}"),
        "changed": _("{who} has changed this form meanwhile."),
        "changedMerge": _("You have changed different things. Both can be put together."),
        "changedConflict": _("You have both changed: {questions}. Undo brings back what you drop now."),
        "mergeDo": _("Put both together"),
        "theirsDo": _("Take theirs, drop mine"),
        "mineDo": _("Keep mine, drop theirs"),
        "nothing": _("nothing that shows"),
        "keys": _("Alt + arrow keys move it, Delete removes it"),
    }
