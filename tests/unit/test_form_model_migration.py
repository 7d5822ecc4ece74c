"""A form that was published in the first shape means the same in the present one."""

from __future__ import annotations

from importlib import import_module

from tests.page_samples import MIGRANT

from tianbao.domain.forms import Kind, dump_form, load_form

widen = import_module("tianbao.store.migrations.0004_form_model").widen

FIRST_SHAPE = {
    "name": "migrant",
    "version": 1,
    "title": {"en": "M"},
    "languages": ["en"],
    "questions": [
        {
            "name": "reason",
            "type": "select_one",
            "label": {"en": "R"},
            "choices": [{"name": "a", "label": {"en": "A"}}],
        },
        {
            "name": "itinerary",
            "type": "repeat",
            "label": {"en": "I"},
            "questions": [
                {"name": "from", "type": "date", "label": {"en": "F"}},
                {"name": "to", "type": "date", "label": {"en": "T"}, "not_before": "from"},
                {"name": "by", "type": "select_one", "label": {"en": "B"}, "choices": [{"name": "b", "label": {}}]},
            ],
        },
        {"name": "t", "type": "decimal", "kind": "temperature", "minimum": 30, "maximum": 45, "label": {"en": "T"}},
    ],
}


def test_choices_become_lists_and_bounds_constraints() -> None:
    form = load_form(widen(FIRST_SHAPE))
    assert [choice.name for choice in form.questions[0].choices] == ["a"]
    by = form.question_at("itinerary.by")
    assert by is not None
    assert [choice.name for choice in by.choices] == ["b"]
    assert form.questions[1].questions[1].constraint == ". >= ${from}"
    assert (form.questions[2].constraint, form.questions[2].kind) == (". >= 30 and . <= 45", Kind.TEMPERATURE)


def test_the_present_shape_stays() -> None:
    assert widen(dump_form(MIGRANT)) == dump_form(MIGRANT)
