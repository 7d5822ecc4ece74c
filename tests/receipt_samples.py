"""What the tests of receipts and cards show: one registration, and the pages of somebody who is registered."""

from __future__ import annotations

import gzip
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from typing import Any, Final

from tests.golden.golden_files import marked
from tests.page_samples import INSTALLATION, MIGRANT, SITE

from tianbao.domain.forms import Form
from tianbao.domain.masking import mask_answers
from tianbao.domain.problems import Code, Problem
from tianbao.domain.sites import Installation
from tianbao.render import receipt_page as pages
from tianbao.render.card import Card
from tianbao.render.plain_page import front_page, problem_page
from tianbao.render.receipt_page import ReceiptState, ReceiptView

ANSWERS: Final[dict[str, Any]] = {
    "name": "欧阳娜娜",
    "phone": "13812345678",
    "id_type": "resident_id",
    "id_number": "110101199003074514",
    "address": "北关村三组 12 号",
    "reason": "return_home",
    "itinerary": [
        {"place": {"text": "保定", "code": "130600"}, "arrived_on": "2026-11-20", "transport": "train"},
        {"place": {"text": "老家村子"}},
    ],
    "companions": [{"name": "买买提·艾力", "id_type": "resident_id", "id_number": "653101201203074514"}],
    "symptoms": ["fever", "cough"],
    "temperature": 37.0,
    "consent": True,
}
RECEIPT: Final = ReceiptView(
    number="4F7K-2M9Q",
    state=ReceiptState.REGISTERED,
    registered_at=datetime(2026, 11, 23, 16, 0, tzinfo=timezone(timedelta(hours=8))),
    revision=1,
    answers=ANSWERS,
    marks={"id_number": ["check_digit"], "itinerary.1.place": ["unresolved"]},
    own_link=f"{INSTALLATION.address}/R/{'a' * 43}",
    others=((1, "张*", "7XK2-99QP"),),
    delete_on=date(2026, 12, 7),
)
CARD: Final = Card(
    site_name=SITE.name,
    number=RECEIPT.number,
    masked_name="欧阳**",
    registered_at=RECEIPT.registered_at,
    delete_on=RECEIPT.delete_on,
    pass_text=f"{INSTALLATION.address}/P/4F7K2M9Q",
)
TRANSLATORS: Final = {"en": lambda text: text, "zh-Hans": marked}


def given(language: str = "en", form: Form = MIGRANT) -> dict[str, Any]:
    """The arguments that all pages take."""
    return {
        "installation": INSTALLATION,
        "site": SITE,
        "form": form,
        "language": language,
        "_": TRANSLATORS[language],
    }


def receipt(language: str = "en", form: Form = MIGRANT, **changes: Any) -> str:
    view = replace(RECEIPT, **changes)
    asked = given(language, form)
    mould = pages.receipt_mould(**asked, state=view.state, is_named=bool(view.answers.get("name")))
    page = pages.pour_receipt(mould, form=form, language=language, _=asked["_"], receipt=view)
    assert gzip.decompress(page.gzip) == page.html
    return page.html.decode()


def confirm(language: str = "en", form: Form = MIGRANT, **changes: Any) -> str:
    carried = mask_answers(form, {**ANSWERS, **changes})
    return pages.confirm_page(**given(language, form), answers=carried)


def problem(code: Code, installation: Installation | None = INSTALLATION) -> str:
    return problem_page(
        installation=installation, problem=Problem(code), text="What is wrong.", language="en", _=TRANSLATORS["en"]
    )


PAGES = {
    "receipt": receipt,
    "confirm": confirm,
    "withdraw": lambda language: pages.withdraw_page(**given(language), receipt=RECEIPT),
    "forgotten": lambda language: pages.forgotten_page(
        installation=INSTALLATION, language=language, _=TRANSLATORS[language]
    ),
    "front": lambda language: front_page(installation=INSTALLATION, language=language, _=TRANSLATORS[language]),
}
