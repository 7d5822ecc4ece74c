"""The plain columns of a record."""

from __future__ import annotations

from tests.page_samples import MIGRANT as FORM

from tianbao.domain.records import LegFacts, project_facts


def test_facts_become_columns() -> None:
    facts = project_facts(
        FORM,
        {
            "answers": {
                "reason": "visit",
                "itinerary": [
                    {
                        "place": {"code": "130636100"},
                        "arrived_on": "2026-11-18",
                        "left_on": "2026-11-20",
                        "transport": "train",
                        "transport_no": "G6701",
                    },
                    {"transport": "car"},
                ],
                "companions": [{"relation": "child"}, {}],
                "symptoms": ["fever"],
                "temperature": 37.4,
            },
            "marks": {"id_number": ["check_digit"]},
        },
    )
    assert facts.origin == "130636100"
    assert facts.legs == (
        LegFacts("130636100", "2026-11-18", "2026-11-20", "train", "G6701"),
        LegFacts(transport="car"),
    )
    assert (facts.temperature, facts.has_symptoms, facts.is_marked, facts.companions) == (37.4, True, True, 2)


def test_answering_none_is_having_no_symptoms() -> None:
    facts = project_facts(FORM, {"answers": {"symptoms": ["none"]}})
    assert (facts.origin, facts.legs, facts.temperature, facts.has_symptoms) == ("", (), None, False)
    assert (facts.is_marked, facts.companions) == (False, 0)


def test_a_row_of_an_unresolved_place_has_no_code() -> None:
    facts = project_facts(FORM, {"answers": {"itinerary": [{}]}})
    assert facts.legs == (LegFacts(),)
    assert facts.origin == ""
