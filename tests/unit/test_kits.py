"""The kits that ship: every tool reads them, both languages say everything, and each works on a day like any other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta, timezone
from functools import cache
from importlib.resources import files
from typing import Any, Final

import pytest
from pyxform.xls2json_backends import md_to_dict
from pyxform.xls2xform import convert
from tests.page_samples import page

from tianbao.domain.form_checks import find_gaps
from tianbao.domain.forms import (
    NUMBERS,
    UNSEEN,
    Form,
    Kind,
    Openness,
    Question,
    QuestionType,
    Repeats,
    walk_questions,
)
from tianbao.domain.places import Candidates, Place, Resolved, Unresolved
from tianbao.domain.reports import make_report
from tianbao.domain.validation import Moment, Validation, compile_form
from tianbao.xlsform import given_bytes, read_form

KITS: Final = (
    "commendation",
    "daily_health",
    "errand",
    "gate_visit",
    "incident",
    "inspection",
    "migrant",
    "observation",
    "passengers",
    "returning",
    "shelter",
    "supplies",
    "talk",
    "volunteer",
)
FOLDER: Final = files("tianbao.data").joinpath("kits")
TITLE: Final = "tianbao_title::English (en)"
HEADINGS: Final = (
    *("number", "site_code", "site", "state", "source", "registered_at", "changed_at", "revision", "marks"),
    *("code", "typed"),
)
NOW: Final = datetime(2026, 11, 23, 9, 0, tzinfo=timezone(timedelta(hours=8)))

every_kit = pytest.mark.parametrize("name", KITS)


def read(name: str) -> str:
    return FOLDER.joinpath(f"{name}.md").read_text("utf-8")


@cache
def kit(name: str) -> Form:
    understood = read_form(given_bytes(read(name).encode(), f"{name}.md"))
    assert understood.form is not None, understood.problems
    return understood.form


def questions(form: Form) -> Iterator[tuple[str, Question]]:
    """What is asked: containers, notes and what the form works out itself are left aside."""
    for path, question in walk_questions(form.questions):
        if not question.questions and question.is_answered and question.type not in UNSEEN:
            yield path, question


class Nowhere:
    def resolve(self, text: str) -> Resolved | Candidates | Unresolved:
        return Unresolved(text)

    def place(self, code: str) -> Place | None:
        return None

    def full_name(self, code: str) -> str:
        return ""

    def contains(self, outer: str, inner: str) -> bool:
        return False


def fill(name: str, answers: Mapping[str, Any], **more: Any) -> Validation:
    return compile_form(kit(name), Nowhere())({**answers, **more}, Moment(NOW, lambda: 0.5))


def refused(outcome: Validation) -> list[tuple[str, str]]:
    return [(problem.question, problem.code.value) for problem in outcome.problems]


# the files


def test_all_kits_are_there_and_no_others() -> None:
    assert sorted(file.name for file in FOLDER.iterdir()) == [f"{name}.md" for name in KITS]


@every_kit
def test_other_tools_take_the_file(name: str) -> None:
    made = convert(read(name))
    assert f'id="{name}"' in made.xform
    # pyxform knows two- and three-letter languages only
    assert [warning for warning in made.warnings if "machine-readable codes: 中文 (zh-Hans)." not in warning] == []


@every_kit
def test_tianbao_takes_the_file_with_nothing_left_aside(name: str) -> None:
    understood = read_form(given_bytes(read(name).encode(), f"{name}.md"))
    assert understood.problems == ()
    assert understood.notices == ()


@every_kit
def test_settings(name: str) -> None:
    settings = md_to_dict(read(name))["settings"][0]
    assert (settings["form_id"], settings["version"], settings["default_language"]) == (name, "1", "中文 (zh-Hans)")
    heading = read(name).splitlines()[0]
    assert heading == f"# {settings['form_title']} · {settings[TITLE]}"


@every_kit
def test_everything_is_said_in_both_languages(name: str) -> None:
    form = kit(name)
    assert form.languages == ("zh-Hans", "en")
    assert set(form.title) == {"zh-Hans", "en"}
    assert find_gaps(form) == []
    assert [column.question for column in form.columns if len(column.heading) == 1] == []
    texts = [
        text
        for _, question in walk_questions(form.questions)
        for text in (question.label, question.hint, question.constraint_message, question.required_message)
    ]
    texts += [choice.label for choices in form.lists.values() for choice in choices]
    assert [text for text in texts if text and text["en"] == text["zh-Hans"]] == []
    assert [text["en"] for text in texts if text and any("一" <= sign <= "鿿" for sign in text["en"])] == []


@every_kit
def test_no_answer_is_refused_without_saying_why(name: str) -> None:
    silent = [
        path for path, question in questions(kit(name)) if question.constraint and not question.constraint_message
    ]
    assert silent == []


@every_kit
def test_nothing_is_asked_that_the_table_does_not_show(name: str) -> None:
    form = kit(name)
    shown = {column.question for column in form.columns}
    worked_out = " ".join(
        question.calculation for path, question in walk_questions(form.questions) if path in shown
    )
    idle = [
        path
        for path, question in questions(form)
        if question.type is not QuestionType.ACKNOWLEDGE
        and path not in shown
        and f"${{{question.name}}}" not in worked_out
    ]
    assert idle == []


@every_kit
def test_the_table_has_the_columns_in_the_order_of_the_file(name: str) -> None:
    form = kit(name)
    ruled = [column.question for column in form.columns]
    report = make_report(form, language="en", places=Nowhere(), headings=dict.fromkeys(HEADINGS, "own"))
    columns = [report.main.columns, *(chain[-1].columns for chain in report.repeats)]
    made = [column.heading for part in columns for column in part if not column.heading.endswith(" (own)")]
    labels = [form.question_at(path) for path in ruled]
    assert made == [
        column.heading.get("en") or label.label["en"]
        for column, label in zip(form.columns, labels, strict=True)
        if label is not None
    ]


@every_kit
def test_numbers_and_dates_have_bounds(name: str) -> None:
    bounded = {*NUMBERS, QuestionType.DATE, QuestionType.DATE_TIME} - {QuestionType.RANGE}
    free = [path for path, question in questions(kit(name)) if question.type in bounded and not question.constraint]
    assert free == (["itinerary.arrived_on"] if name == "migrant" else [])


@every_kit
def test_the_next_person_on_the_phone_agrees_anew(name: str) -> None:
    agreed = [question for _, question in questions(kit(name)) if question.type is QuestionType.ACKNOWLEDGE]
    assert all(question.required and not question.carried for question in agreed)


@every_kit
def test_documents_are_those_the_program_knows(name: str) -> None:
    known = [choice.name for choice in kit("migrant").lists["documents"]]
    for _, question in questions(kit(name)):
        if question.kind is Kind.DOCUMENT_TYPE:
            assert [choice.name for choice in question.choices] == known


@every_kit
@pytest.mark.parametrize("language", ["zh-Hans", "en"])
def test_the_page_shows_it(name: str, language: str) -> None:
    shown = page(language, form=kit(name))
    first = next(question for _, question in questions(kit(name)))
    assert first.label[language] in shown


def test_the_built_in_form_asks_what_the_contract_says() -> None:
    form = kit("migrant")
    assert [question.name for question in form.questions] == [
        "name",
        "phone",
        "id_type",
        "id_number",
        "address",
        "reason",
        "itinerary",
        "companions",
        "symptoms",
        "temperature",
        "consent",
    ]
    inner = {question.name: [each.name for each in question.questions] for question in form.questions}
    assert inner["itinerary"] == ["place", "arrived_on", "left_on", "transport", "transport_no"]
    assert inner["companions"] == ["name", "id_type", "id_number", "relation"]


# each on a day like any other


def test_migrant_number_goes_with_a_document_and_leaving_needs_no_arrival() -> None:
    leg = {"place": "保定顺平", "left_on": "2026-11-22"}
    given = {"name": "王芳", "address": "北关村", "reason": "visit", "symptoms": ["none"], "consent": True}
    assert refused(fill("migrant", given, itinerary=[leg])) == []
    assert refused(fill("migrant", given, id_type="passport")) == [("id_number", "required")]
    companion = {"name": "李小雨", "id_number": "E12345678"}
    assert "id_number" not in fill("migrant", given, companions=[companion]).answers["companions"][0]
    late = fill("migrant", given, itinerary=[{**leg, "arrived_on": "2026-11-23"}])
    assert refused(late) == [("itinerary.0.left_on", "constraint")]


HOUSEHOLD: Final = {
    "address": "3号楼2单元501",
    "name": "王芳",
    "phone": "13800138000",
    "report_date": "2026-11-23",
    "members": [
        {"member_name": "王芳", "whereabouts": "home", "temperature": 36.5, "symptoms": ["none"]},
        {
            "member_name": "李强",
            "whereabouts": "home",
            "temperature": 37.8,
            "symptoms": ["none"],
            "treatment": "medicine",
        },
        {"member_name": "李小雨", "whereabouts": "away", "symptoms": ["cough"], "treatment": "not_yet"},
    ],
    "consent": True,
}


def test_daily_health_counts_who_is_unwell_by_reading_or_symptom() -> None:
    outcome = fill("daily_health", HOUSEHOLD)
    assert refused(outcome) == []
    assert (outcome.answers["member_count"], outcome.answers["unwell_count"]) == (3, 2)
    assert "treatment" not in outcome.answers["members"][0]


def test_daily_health_is_of_the_last_days() -> None:
    assert refused(fill("daily_health", HOUSEHOLD, report_date="2026-11-21")) == []
    assert refused(fill("daily_health", HOUSEHOLD, report_date="2026-11-20")) == [("report_date", "constraint")]
    assert refused(fill("daily_health", HOUSEHOLD, report_date="2026-11-24")) == [("report_date", "constraint")]


def test_forms_of_rows_want_one_at_least() -> None:
    assert refused(fill("daily_health", HOUSEHOLD, members=[])) == [("members", "required")]
    assert refused(fill("supplies", STOCK, lines=[])) == [("lines", "required")]
    assert refused(fill("passengers", COACH, passengers=[])) == [("passengers", "required")]
    nothing = {**ERRAND["purchase"], "items": []}
    assert refused(fill("errand", ERRAND, purchase=nothing)) == [("purchase.items", "required")]


VISIT: Final = {
    "arrival": "lorry",
    "plate": "冀F12345",
    "name": "赵磊",
    "phone": "13800138000",
    "purpose": "delivery",
    "visited": "5号楼1单元302",
    "people": 2,
    "stay": "half_hour",
    "consent": True,
}


def test_gate_visit_asks_for_the_plate_of_who_drives_in() -> None:
    assert refused(fill("gate_visit", VISIT)) == []
    assert refused(fill("gate_visit", VISIT, plate="")) == [("plate", "required")]
    assert "plate" not in fill("gate_visit", VISIT, arrival="foot").answers


def test_gate_visit_overnight_has_a_last_day() -> None:
    assert refused(fill("gate_visit", VISIT, stay="overnight", leaves_on="2026-11-24")) == []
    assert refused(fill("gate_visit", VISIT, stay="overnight", leaves_on="2026-11-23")) == [
        ("leaves_on", "constraint")
    ]


READING: Final = {
    "name": "周敏",
    "room": "东楼 207",
    "started_on": "2026-11-20",
    "time": "morning",
    "temperature": 36.6,
    "symptoms": ["none"],
    "took_medicine": "no",
    "consent": True,
}


def test_observation_knows_the_day_and_who_is_to_be_checked() -> None:
    well = fill("observation", READING, temperature_again=38)
    assert refused(well) == []
    assert (well.answers["day_number"], well.answers["needs_check"]) == (4, 0)
    assert "temperature_again" not in well.answers
    assert fill("observation", READING, temperature=37.3).answers["needs_check"] == 1
    assert fill("observation", READING, symptoms=["cough"]).answers["needs_check"] == 1


ERRAND: Final = {
    "name": "孙桂兰",
    "phone": "03127690000",
    "address": "北关村 3 组",
    "errand": "shopping",
    "purchase": {"items": [{"item": "大米", "quantity": 10, "unit": "kg"}], "payment": "on_delivery"},
    "deadline": "today",
    "consent": True,
}


def test_errand_asks_what_belongs_to_the_errand() -> None:
    assert refused(fill("errand", ERRAND)) == []
    doctor = fill("errand", ERRAND, errand="doctor", appointment={"hospital": "县医院", "mobility": "wheelchair"})
    assert refused(doctor) == [("appointment.appointment_at", "required")]
    assert "purchase" not in doctor.answers
    assert "deadline" not in doctor.answers
    assert refused(fill("errand", ERRAND, errand="repair")) == [("details", "required")]


def test_errand_takes_a_real_amount() -> None:
    nothing = {"items": [{"item": "大米", "quantity": 0, "unit": "kg"}], "payment": "paid"}
    assert refused(fill("errand", ERRAND, purchase=nothing)) == [("purchase.items.0.quantity", "constraint")]


TALK: Final = {
    "name": "小周",
    "phone": "13800138000",
    "if_answered": "discreet",
    "for_whom": "self",
    "safety": "safe",
    "way": "call",
    "hours": ["any"],
    "consent": True,
}


@pytest.mark.parametrize(("safety", "priority"), [("now", 1), ("thoughts", 2), ("safe", 3)])
def test_talk_puts_who_is_in_need_first(safety: str, priority: int) -> None:
    outcome = fill("talk", TALK, safety=safety)
    assert refused(outcome) == []
    assert outcome.answers["priority"] == priority


def test_talk_seals_what_weighs_on_people_and_forgets_it_on_the_phone() -> None:
    asked = dict(questions(kit("talk")))
    for name in ("topics", "weight", "safety", "more"):
        assert (asked[name].openness, asked[name].carried) == (Openness.SEALED, False)
    priority = kit("talk").question_at("priority")
    assert priority is not None
    assert priority.openness is Openness.OPEN


VOLUNTEER: Final = {
    "name": "高海",
    "phone": "13800138000",
    "age": 30,
    "place": "蒲阳镇",
    "skills": ["none"],
    "tasks": ["gate", "delivery", "calls"],
    "from_date": "2026-11-23",
    "days": ["sat", "sun"],
    "shifts": ["morning"],
    "emergency_phone": "13900139000",
    "consent": True,
}


def test_volunteer_under_18_has_a_parent_who_knows() -> None:
    assert refused(fill("volunteer", VOLUNTEER)) == []
    assert refused(fill("volunteer", VOLUNTEER, age=17)) == [("guardian_phone", "required")]
    assert refused(fill("volunteer", VOLUNTEER, age=13)) == [("age", "constraint"), ("guardian_phone", "required")]


def test_volunteer_tells_of_a_skill_only_with_the_skill() -> None:
    assert refused(fill("volunteer", VOLUNTEER, skills=["medical", "driving"])) == [
        ("medical.qualification", "required"),
        ("vehicles", "required"),
    ]
    many = ["gate", "delivery", "calls", "data"]
    assert refused(fill("volunteer", VOLUNTEER, tasks=many)) == [("tasks", "constraint")]


STOCK: Final = {
    "unit_name": "北关村东口",
    "name": "钱勇",
    "phone": "13800138000",
    "report_date": "2026-11-23",
    "lines": [
        {"category": "protection", "item": "mask_surgical", "stock": 100, "used": 30, "need": 0},
        {
            "category": "food",
            "item": "other",
            "item_other": "馒头（个）",
            "stock": 0,
            "need": 50,
            "needed_by": "2026-11-24",
        },
    ],
    "delivery": {"deliver_to": "村委会", "access": "van"},
    "checked": True,
}


def test_supplies_say_how_long_they_last_and_how_many_are_short() -> None:
    outcome = fill("supplies", STOCK)
    assert refused(outcome) == []
    masks, bread = outcome.answers["lines"]
    assert (masks["days_left"], "days_left" in bread) == (3.3, False)
    assert (outcome.answers["line_count"], outcome.answers["short_count"]) == (2, 1)
    enough = fill("supplies", STOCK, lines=STOCK["lines"][:1])
    assert "delivery" not in enough.answers


def test_supplies_offer_the_items_of_the_group() -> None:
    line = {"category": "food", "item": "mask_surgical", "stock": 1, "need": 0}
    (path, _), *_ = refused(fill("supplies", STOCK, lines=[line]))
    assert path == "lines.0.item"


COACH: Final = {
    "transport": "coach",
    "service_no": "保定—顺平 8:30",
    "plate": "冀F12345",
    "departed_on": "2026-11-23",
    "origin": "保定",
    "destination": "顺平",
    "name": "郑国强",
    "phone": "13800138000",
    "aboard": 2,
    "passengers": [
        {"passenger_name": "冯丽", "seat": "12", "id_type": "passport", "id_number": "E12345678"},
        {"passenger_name": "José García", "id_type": "passport", "id_number": "XDB123456"},
    ],
    "told": True,
}


def test_passengers_are_counted_and_each_vehicle_is_named_its_own_way() -> None:
    outcome = fill("passengers", COACH)
    assert refused(outcome) == []
    assert outcome.answers["listed"] == 2
    assert refused(fill("passengers", COACH, transport="train")) == [("carriage", "required")]
    charter = fill("passengers", COACH, transport="charter").answers
    assert ("service_no" in charter, charter["plate"]) == (False, "冀F12345")


FAMILY: Final = {
    "name": "许玉梅",
    "age": 67,
    "home_place": "蒲阳镇",
    "home_address": "北关村 2 组 8 号",
    "hazard": "flood",
    "with_count": 2,
    "members": [
        {"member_name": "韩伟", "member_age": 40, "relation": "child"},
        {"member_name": "韩子涵", "member_age": 1, "relation": "relative"},
    ],
    "needs": ["baby"],
    "needs_note": "14 个月，奶粉 2 段",
    "has_missing": "no",
    "plan": "shelter",
    "may_tell": "yes",
    "consent": True,
}


def test_shelter_counts_the_family_without_any_papers() -> None:
    outcome = fill("shelter", FAMILY)
    assert refused(outcome) == []
    assert [outcome.answers[name] for name in ("people", "infants", "elders")] == [3, 1, 1]
    alone = fill("shelter", FAMILY, with_count=0, age=30).answers
    assert [alone[name] for name in ("people", "infants", "elders")] == [1, 0, 0]
    assert "members" not in alone


def test_shelter_asks_for_as_many_as_came_and_for_who_is_missing() -> None:
    assert ("members.2.member_name", "required") in refused(fill("shelter", FAMILY, with_count=3))
    missing = fill("shelter", FAMILY, has_missing="yes", missing=[{"missing_name": "韩强"}])
    assert refused(missing) == [("missing.0.last_seen", "required")]


RETURN: Final = {
    "role": "student",
    "name": "曹雪",
    "phone": "13800138000",
    "organisation": "蒲阳中学",
    "class": "初二（3）班",
    "from_place": "湖北武汉",
    "arrived_on": "2026-11-24",
    "transport": "car",
    "lodging": "home",
    "address": "北关村",
    "returns_on": "2026-11-30",
    "symptoms": ["none"],
    "consent": True,
}


def test_returning_is_after_arriving() -> None:
    outcome = fill("returning", RETURN)
    assert refused(outcome) == []
    assert outcome.answers["days_between"] == 6
    assert refused(fill("returning", RETURN, returns_on="2026-11-23")) == [("returns_on", "constraint")]
    assert refused(fill("returning", RETURN, symptoms=["fever"])) == [("symptoms_since", "required")]


INCIDENT: Final = {
    "incident": "equipment",
    "happened_at": "2026-11-23T07:30",
    "where": "东口卡口",
    "what": "扫码的手机没电，排起了队",
    "state": "solved",
    "remedy": {"done": "换了备用手机和充电宝", "solved_at": "2026-11-23T07:50"},
    "name": "彭超",
}


def test_incident_tells_what_was_put_right_or_whose_help_is_needed() -> None:
    assert refused(fill("incident", INCIDENT)) == []
    early = {**INCIDENT["remedy"], "solved_at": "2026-11-23T07:00"}
    assert refused(fill("incident", INCIDENT, remedy=early)) == [("remedy.solved_at", "constraint")]
    assert refused(fill("incident", INCIDENT, state="help")) == [("help.helpers", "required")]
    assert refused(fill("incident", INCIDENT, happened_at="2026-11-24T07:00"))[0] == ("happened_at", "constraint")


COMMENDATION: Final = {
    "nominee_type": "person",
    "nominee": "董建华",
    "nominee_unit": "北关村",
    "award": "duty",
    "deed_on": "2026-11-01",
    "deed": "连续十二夜守在东口卡口，把唯一的棉大衣让给了别人。",
    "agrees": "no",
    "name": "蒋燕",
    "phone": "13800138000",
    "tie": "neighbour",
    "consent": True,
}


def test_commendation_wants_a_deed_and_evidence_of_its_kind() -> None:
    assert refused(fill("commendation", COMMENDATION)) == []
    assert refused(fill("commendation", COMMENDATION, deed="很好")) == [("deed", "constraint")]
    witness = {"evidence_type": "witness", "witness_name": "蔡俊"}
    assert refused(fill("commendation", COMMENDATION, evidence=[witness])) == [
        ("evidence.0.witness_phone", "required")
    ]


INSPECTION: Final = {
    "name": "田军",
    "inspected_on": "2026-11-23",
    "occasion": "after_flood",
    "building": "幸福里 3 号楼",
    "use_class": "residential",
    "use": "flats",
    "storeys": 6,
    "findings": [
        {"part": "escape", "problem": "blocked", "spot": "2 层东侧走廊", "grade": "serious", "fixed": "yes"},
        {
            "part": "structure",
            "problem": "leaning",
            "spot": "西墙",
            "grade": "major",
            "fixed": "no",
            "fix_by": "2026-12-01",
        },
    ],
    "verdict": "leave",
    "to_leave": 40,
    "manager_name": "袁刚",
    "manager_phone": "13800138000",
}


def test_inspection_counts_what_stays_open() -> None:
    outcome = fill("inspection", INSPECTION)
    assert refused(outcome) == []
    assert (outcome.answers["open_count"], outcome.answers["grave_count"]) == (1, 1)


def test_inspection_does_not_call_a_leaning_house_usable() -> None:
    for verdict in ("usable", "repair"):
        assert refused(fill("inspection", INSPECTION, verdict=verdict)) == [("verdict", "constraint")]
    mended = [INSPECTION["findings"][0]]
    sound = fill("inspection", INSPECTION, verdict="usable", findings=mended)
    assert refused(sound) == []
    assert "manager_name" not in sound.answers


def test_inspection_offers_the_findings_of_the_part() -> None:
    finding = {**INSPECTION["findings"][0], "problem": "leaning"}
    (path, _), *_ = refused(fill("inspection", INSPECTION, findings=[finding], verdict="usable"))
    assert path == "findings.0.problem"


def test_tables_for_those_who_work_line_by_line_are_joined() -> None:
    joined = {name for name in KITS if kit(name).repeats is Repeats.JOINED}
    assert joined == {"daily_health", "errand", "inspection", "passengers", "supplies"}
