"""What the tests of registrants' pages show: an installation, a site, the built-in form, translators."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from tests import cast

from tianbao.domain.forms import Form, load_form
from tianbao.domain.sites import Installation, Site
from tianbao.render.form_page import form_page
from tianbao.services.wording import Occasion, wording_of
from tianbao.texts import translator
from tianbao.xlsform import open_form, read_form

_WORDING = wording_of(Occasion.EPIDEMIC, area=cast.AREA)
_KITS: Final = Path(__file__).parent.parent / "src/tianbao/data/kits"
KITS: Final = [path.stem for path in _KITS.glob("*.md")]

INSTALLATION: Final = Installation(
    organisation=cast.ORGANISATION,
    area=cast.AREA,
    address=cast.ADDRESS,
    purpose=_WORDING.purpose,
    legal_basis=_WORDING.legal_basis,
    notice=_WORDING.notice,
    contact=cast.CONTACT,
)
SITE: Final = Site("K7M2P", cast.SITE_NAMES[0], cast.AREA, "蒲阳镇")
OTHER_SITE: Final = Site("X4Q9T", cast.SITE_NAMES[1], cast.AREA, "蒲阳镇")


def kit(name: str) -> Form:
    """A form that comes with the program."""
    understood = read_form(open_form(_KITS / f"{name}.md"))
    assert understood.form, understood.problems
    return understood.form


MIGRANT: Final = kit("migrant")


texts: Final = translator
"""The program's texts in a language."""


def page(language: str = "en", *, form: Form = MIGRANT, site: Site = SITE, **given: Any) -> str:
    """The page of a form, posting to its site unless told otherwise."""
    given = {"action": site.path(), **given}
    return form_page(installation=INSTALLATION, site=site, form=form, language=language, _=texts(language), **given)


def form_of(*questions: dict[str, Any]) -> Form:
    """A form of these questions, each as stored but with its name for a label and its choices within itself."""
    lists: dict[str, Any] = {}

    def complete(question: dict[str, Any]) -> dict[str, Any]:
        question = {"label": {"en": question["name"]}, **question}
        if "choices" in question:
            lists[question["name"]] = question.pop("choices")
            question["choice_list"] = question["name"]
        if "questions" in question:
            question["questions"] = [complete(inner) for inner in question["questions"]]
        return question

    return load_form(
        {
            "name": "sample",
            "version": 1,
            "title": {"en": "Sample"},
            "languages": ["en"],
            "questions": [complete(question) for question in questions],
            "lists": lists,
        }
    )
