"""What the command line does with forms as files: check, take in, write out.

Says to people and to scripts what the console's page says. Exit codes: 0 it is done, 1 the form or the name is
refused. Must not know: how a spreadsheet is understood (`services.form_files`).
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from tianbao.commands import now_ms, plain_words
from tianbao.config import Config
from tianbao.domain.form_problems import FormProblem
from tianbao.domain.forms import Form, text_in, walk_questions
from tianbao.processes import CannotStart
from tianbao.render.form_messages import describe_problem, problem_line
from tianbao.server import migrate
from tianbao.services.form_files import WRITERS, read_path, write_zip
from tianbao.texts import Translator, terminal_language, translator

if TYPE_CHECKING:
    from tianbao.xlsform import Understood


def check_file(arguments: argparse.Namespace) -> int:
    """Everything that is wrong with a form's file; nothing is stored."""
    _, language = _reader(arguments)
    understood = read_path(arguments.file)
    if arguments.json:
        print(json.dumps(_described(understood, language), ensure_ascii=False))
    else:
        _say_found(understood, _, sys.stdout)
        if understood.form:
            print(_summary(understood.form, language, _))
    return 1 if understood.problems else 0


def import_file(config: Config, arguments: argparse.Namespace) -> int:
    """The form of a file as a draft, or published; refused with everything that is wrong."""
    _, language = _reader(arguments)
    understood = read_path(arguments.file, name=arguments.name)
    if understood.form is None:
        if arguments.json:
            print(json.dumps(_described(understood, language), ensure_ascii=False))
        else:
            _say_found(understood, _, sys.stderr)
        return 1
    migrate(config)
    from tianbao.services.form_pictures import keep_pictures

    with plain_words():
        form = keep_pictures(understood.form, understood.pictures, now_ms=now_ms())
        done, sentence = (_publish if arguments.publish else _begin_draft)(form, _)
    if arguments.json:
        print(json.dumps({**_described(understood, language), **done}, ensure_ascii=False))
    else:
        _say_found(understood, _, sys.stderr)
        print(sentence)
    return 0


def export_definition(config: Config, arguments: argparse.Namespace) -> int:
    """A published form, or the form of a file, as a spreadsheet file."""
    _, _language = _reader(arguments)
    suffix, path = arguments.to.suffix.lower(), Path(arguments.form)
    if suffix not in (*WRITERS, ".zip"):
        raise CannotStart(_("A form is written as {suffixes}.").format(suffixes=", ".join((*WRITERS, ".zip"))))
    if path.exists():
        understood = read_path(path)
        _say_found(understood, _, sys.stderr)
        form, pictures = understood.form, understood.pictures
    else:
        migrate(config)
        from tianbao.services.form_pictures import find_pictures

        form = _published(arguments.form, _)
        pictures = find_pictures(form)
    if form is None:
        return 1
    arguments.to.write_bytes(write_zip(form, pictures) if suffix == ".zip" else WRITERS[suffix](form))
    return 0


def _reader(arguments: argparse.Namespace) -> tuple[Translator, str]:
    language = arguments.language or terminal_language()
    return translator(language), language


def _publish(form: Form, _: Translator) -> tuple[dict[str, object], str]:
    from tianbao.services.forms import import_form

    published = import_form(form=form, staff=None, now_ms=now_ms())
    version = published.version.version
    sentence = (
        _("“{name}” is published as version {version}.")
        if published.is_new
        else _("“{name}” says the same as version {version}, which is published already.")
    )
    done = {"version": version, "is_new": published.is_new}
    return done, sentence.format(name=form.name, version=version)


def _begin_draft(form: Form, _: Translator) -> tuple[dict[str, object], str]:
    from tianbao.services.form_drafts import start_upload

    draft = start_upload(form=form, staff=None, now_ms=now_ms())
    path = f"/console/forms/drafts/{draft.id}"
    sentence = _("“{name}” is a draft now: {path}. With --publish it is published at once.")
    return {"draft": path}, sentence.format(name=form.name, path=path)


def _published(name: str, _: Translator) -> Form:
    from tianbao.services.form_drafts import newest_versions
    from tianbao.services.forms import find_form

    form = find_form(name)
    if form is None:
        names = ", ".join(row.name for row in newest_versions())
        raise CannotStart(
            _("There is no form or file “{name}”. Forms: {names}").format(name=name, names=names or "–")
        )
    return form


def _say_found(understood: Understood, _: Translator, out: TextIO) -> None:
    if understood.problems:
        print(
            _("This form cannot be used as it is. Problems: {count}").format(count=len(understood.problems)),
            file=out,
        )
        _say_each(understood.problems, _, out)
    if understood.notices:
        print(_("Worth knowing: {count}").format(count=len(understood.notices)), file=out)
        _say_each(understood.notices, _, out)


def _say_each(problems: tuple[FormProblem, ...], _: Translator, out: TextIO) -> None:
    for problem in problems:
        print(f"  {problem_line(problem, _)}", file=out)


def _summary(form: Form, language: str, _: Translator) -> str:
    return _("“{title}” ({name}) can be used. Questions: {count}; languages: {languages}").format(
        title=text_in(form.title, language),
        name=form.name,
        count=_question_count(form),
        languages=", ".join(form.languages),
    )


def _described(understood: Understood, language: str) -> dict[str, object]:
    """One JSON object: the form in short (null where it is refused), problems and notices."""
    form, _ = understood.form, translator(language)
    return {
        "form": form
        and {
            "name": form.name,
            "title": text_in(form.title, language),
            "questions": _question_count(form),
            "languages": form.languages,
        },
        "problems": [describe_problem(problem, _) for problem in understood.problems],
        "notices": [describe_problem(problem, _) for problem in understood.notices],
    }


def _question_count(form: Form) -> int:
    """What is asked: notes, calculations and the groups around are not counted."""
    return sum(
        1
        for _path, question in walk_questions(form.questions)
        if question.is_seen and question.is_answered and not question.questions
    )
