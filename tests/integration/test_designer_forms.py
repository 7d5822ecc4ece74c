"""The designer's server side: drafts begun, saved, put together, published; what its page asks to be done."""

from __future__ import annotations

import copy
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils.translation import override
from PIL import Image
from tests.cast import NOW_MS, Cast
from tests.file_samples import CAMERA, bomb, jpeg
from tests.installation import run_tianbao

from tianbao.console.forms_words import sentences
from tianbao.domain.form_difference import find_differences
from tianbao.domain.form_editing import replace_question, with_choices
from tianbao.domain.form_pictures import UNNAMED_KEPT_MS
from tianbao.domain.forms import (
    Choice,
    Form,
    Question,
    QuestionType,
    dump_form,
    load_form,
    walk_questions,
)
from tianbao.domain.problems import Code, Refused
from tianbao.services import form_drafts as services
from tianbao.services.form_acts import do_act, make_name, name_choices, read_definition
from tianbao.services.form_files import list_kits
from tianbao.services.form_pictures import sweep_pictures
from tianbao.services.forms import newest_form
from tianbao.services.question_types import BLOCKS, KINDS, kind_of, new_block, new_question
from tianbao.store.models import Act, FormDraft, FormPicture, FormVersion, Organisation
from tianbao.xlsform import given_bytes, read_form

JSON = "application/json"
CONSENT = new_block("consent")[0].label.values()


def empty(title: str = "测试", languages: tuple[str, ...] = ("zh-Hans", "en")) -> Form:
    return Form(name="test", version=0, title={languages[0]: title}, questions=(), languages=languages)


def done(form: Form, *acts: dict[str, Any]) -> Form:
    for act in acts:
        form, _ = do_act(form, act)
    return form


def add(kind: str, parent: str = "", index: int = 99) -> dict[str, Any]:
    return {"do": "add", "kind": kind, "parent": parent, "index": index}


def paths(form: Form) -> list[str]:
    return [path for path, _ in walk_questions(form.questions)]


# --- acts


def test_every_kind_and_block_makes_a_question_that_stands_for_itself() -> None:
    for key in KINDS:
        question = new_question(key, ("zh-Hans", "en"))
        assert kind_of(question) == ("one" if key == "yes_no" else key)
    form = done(empty(), *({"do": "block", "block": key, "parent": "", "index": 99} for key in BLOCKS))
    assert {"name", "phone", "itinerary", "consent"} <= set(paths(form))
    assert load_form(dump_form(form)) == form
    assert new_block("person")[0].label["en"] == "Full name"


def test_a_form_of_one_language_takes_no_other_with_a_block() -> None:
    form = done(empty(languages=("en",)), {"do": "block", "block": "symptoms", "parent": "", "index": 0})
    assert "zh-Hans" not in json.dumps(dump_form(form))


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("姓名", "xing_ming"),
        ("您今天的体温（℃）？", "nin_jin_tian_de_ti_wen"),
        ("Have you a fever?", "have_you_a_fever"),
        ("Straße Nº 5", "straße_no_5"),
        ("2 次", "_2_ci"),
        ("？！", ""),
        ("一二三四五六七八九十一二三四五六七八九十", "yi_er_san_si_wu_liu_qi_ba_jiu"),
    ],
)
def test_names_are_made_from_labels(label: str, name: str) -> None:
    assert make_name(label) == name


def test_a_name_follows_its_label_until_somebody_chooses_one_or_it_is_published() -> None:
    form = done(empty(languages=("en",)), add("one"), add("text"))
    form = replace(
        form,
        questions=(
            replace(form.questions[0], label={"en": "Fever?"}),
            replace(form.questions[1], label={"en": "Since"}, relevant="${one} = 'choice_1'"),
        ),
    )
    named, at = do_act(form, {"do": "name", "path": "one", "was": ""})
    assert at == "fever"
    assert named.question_at("text").relevant == "${fever} = 'choice_1'"
    chosen, at = do_act(named, {"do": "rename", "path": "fever", "name": "q 1"})
    assert at == "q_1"
    assert do_act(chosen, {"do": "name", "path": "q_1", "was": "Fever?"}) == (chosen, "q_1")
    assert do_act(form, {"do": "name", "path": "one", "was": ""}, published=form) == (form, "one")


def test_pasted_lines_are_choices_one_column_a_language() -> None:
    form = done(
        empty(), add("one"), {"do": "choices", "path": "one", "lines": "发热\tFever\n\n 咳嗽 \tCough\n没有\n"}
    )
    assert [(choice.name, choice.label) for choice in form.question_at("one").choices] == [
        ("fa_re", {"zh-Hans": "发热", "en": "Fever"}),
        ("ke_sou", {"zh-Hans": "咳嗽", "en": "Cough"}),
        ("mei_you", {"zh-Hans": "没有"}),
    ]
    more = done(form, {"do": "choices", "path": "one", "lines": "发热"})
    assert [choice.name for choice in more.question_at("one").choices][-1] == "fa_re_2"


def test_a_condition_is_picked_and_taken_away() -> None:
    row = {"question": "yes_no", "comparison": "is", "value": "yes", "value_type": "text"}
    act = {"do": "condition", "path": "text", "field": "relevant", "joined": "all", "rows": [row]}
    form = done(empty(), add("yes_no"), add("text"), act)
    assert form.question_at("text").relevant == "${yes_no} = 'yes'"
    assert done(form, {**act, "rows": []}).question_at("text").relevant == ""


def test_another_kind_keeps_texts_and_choices() -> None:
    form = done(empty(), add("one"), {"do": "choices", "path": "one", "lines": "甲\n乙"})
    several = done(form, {"do": "kind", "path": "one", "kind": "several"}).question_at("one")
    assert several.type is QuestionType.SELECT_MULTIPLE
    assert [choice.name for choice in several.choices] == ["jia", "yi"]
    assert done(form, {"do": "kind", "path": "one", "kind": "date"}).question_at("one").choices == ()


@pytest.mark.parametrize(
    "act",
    [
        {},
        {"do": "nothing"},
        {"do": "add", "kind": "no such", "parent": "", "index": 0},
        {"do": "remove", "path": "nowhere"},
        {"do": "move", "path": "text", "parent": "nowhere", "index": 0},
        {"do": "condition", "path": "text", "field": "label", "joined": "all", "rows": []},
        {"do": "condition", "path": "text", "field": "relevant", "joined": "all", "rows": ["x"]},
        {"do": "add_language", "language": "<b>", "at": ""},
        {"do": "remove_language", "language": "en", "at": 1},
    ],
)
def test_an_act_that_is_none_is_refused(act: dict[str, Any]) -> None:
    with pytest.raises(Refused) as refused:
        do_act(done(empty(), add("text")), act)
    assert refused.value.problems[0].code is Code.MALFORMED_JSON


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: [],
        lambda data: {**data, "title": "x"},
        lambda data: {**data, "languages": "en"},
        lambda data: {**data, "questions": [{"name": "a", "type": "text", "label": "no mapping"}]},
        lambda data: {**data, "questions": [{"name": "a", "type": "no such"}]},
        lambda data: {**data, "questions": [{"name": "a", "type": "text", "label": {}, "unknown": 1}]},
        lambda data: {
            **data,
            "questions": [{"name": "a", "type": "select_one", "label": {}, "choice_list": "none"}],
        },
        lambda data: {**data, "lists": {"a": [{"name": 1, "label": {}}]}},
        lambda data: {**data, "questions": [{"name": "a", "type": "text", "label": {}, "required": "yes"}]},
    ],
)
def test_what_is_no_definition_is_refused(spoil: Any) -> None:
    data = dump_form(done(empty(), add("one")))
    assert read_definition(json.loads(json.dumps(data))) == load_form(data)
    with pytest.raises(Refused):
        read_definition(spoil(data))


def test_choices_without_a_name_get_one() -> None:
    data = dump_form(done(empty(), add("one")))
    data["lists"]["one"].append({"name": "", "label": {"zh-Hans": "其他"}})
    assert [choice.name for choice in name_choices(load_form(data)).lists["one"]] == [
        "choice_1",
        "choice_2",
        "qi_ta",
    ]


# --- beginning


def start(client: Client, **typed: str) -> FormDraft:
    answer = client.post("/console/forms/new", typed)
    assert answer.status_code == 302, answer.content.decode()
    return FormDraft.objects.get(id=answer["location"].split("/")[-1].partition("#")[0])


def test_a_form_begins_with_nothing(signed_in: Client) -> None:
    draft = start(signed_in, way="empty", title="每日健康", languages="zh-Hans,en")
    assert (draft.name, draft.base_version, draft.revision) == ("mei_ri_jian_kang", 0, 1)
    assert draft.definition["languages"] == ["zh-Hans", "en"]
    again = start(signed_in, way="empty", title="每日健康", languages="en")
    assert again.name == "mei_ri_jian_kang_2"
    assert "每日健康" in signed_in.get("/console/forms").content.decode()
    assert signed_in.get(f"/console/forms/drafts/{draft.id}").status_code == 200


@pytest.mark.parametrize("title", ["", "  ", "长" * 101])
def test_a_title_that_cannot_be_is_refused(signed_in: Client, title: str) -> None:
    answer = signed_in.post("/console/forms/new", {"way": "empty", "title": title})
    assert answer.status_code == 422
    assert 'id="title-problem"' in answer.content.decode()
    assert not FormDraft.objects.exists()


def test_every_kit_can_be_begun_with(signed_in: Client) -> None:
    page = signed_in.get("/console/forms/new").content.decode()
    for kit in list_kits():
        assert kit.about["zh-Hans"] in page
        draft = start(signed_in, way="kit", kit=kit.form.name)
        assert [q["name"] for q in draft.definition["questions"]] == [q.name for q in kit.form.questions]
        assert signed_in.get(f"/console/forms/drafts/{draft.id}/preview").status_code == 200


def test_a_copy_has_a_title_and_a_name_of_its_own(signed_in: Client) -> None:
    draft = start(signed_in, way="copy", form="migrant")
    assert draft.name not in ("migrant", "")
    assert draft.base_version == 0
    assert draft.definition["questions"] == newest_form().definition["questions"]


def test_the_next_version_is_begun_once(signed_in: Client) -> None:
    first = signed_in.post("/console/forms/named/migrant/change")["location"]
    assert signed_in.post("/console/forms/named/migrant/change")["location"] == first
    draft = FormDraft.objects.get()
    assert (draft.name, draft.base_version) == ("migrant", newest_form().version)


def test_a_form_goes_home_as_a_file_and_comes_back(signed_in: Client) -> None:
    draft = start(signed_in, way="kit", kit=list_kits()[0].form.name)
    file = signed_in.get(f"/console/forms/drafts/{draft.id}/xlsform")
    assert file["content-disposition"].endswith('.xlsx"')
    read = read_form(given_bytes(file.content, "form.xlsx"))
    assert read.form is not None
    assert dump_form(read.form)["questions"] == draft.definition["questions"]
    FormDraft.objects.all().delete()
    upload = SimpleUploadedFile("form.xlsx", file.content)
    answer = signed_in.post("/console/forms/new", {"way": "file", "file": upload})
    assert answer.status_code == 302
    assert FormDraft.objects.get().definition["questions"] == draft.definition["questions"]
    again = signed_in.post(
        "/console/forms/new", {"way": "file", "file": SimpleUploadedFile("f.xlsx", file.content)}
    )
    assert again.status_code == 422
    published = signed_in.get("/console/forms/named/migrant/1")
    assert read_form(given_bytes(published.content, "migrant.xlsx")).form is not None


def test_a_file_that_is_no_form_says_everything_that_is_wrong(signed_in: Client) -> None:
    text = "| survey | type | name | label |\n|---|---|---|---|\n| | txt | a | A |\n| | select_one none | b | B |\n"
    upload = SimpleUploadedFile("form.md", text.encode())
    answer = signed_in.post("/console/forms/new", {"way": "file", "file": upload})
    assert answer.status_code == 422
    assert len(answer.context["found"]) == 2
    assert not FormDraft.objects.exists()
    assert signed_in.post("/console/forms/new", {"way": "file"}).status_code == 422


def test_what_of_a_file_is_left_aside_is_said_on_the_page_that_follows(signed_in: Client) -> None:
    rows = "".join(f"| | text | q{index} | Q | sonar{index} |\n" for index in range(7))
    text = f"| survey | type | name | label | appearance |\n|---|---|---|---|---|\n{rows}"
    upload = SimpleUploadedFile("form.md", text.encode())
    answer = signed_in.post("/console/forms/new", {"way": "file", "file": upload}, follow=True)
    shown = answer.content.decode()
    assert "此外还有 4 条类似的提示。" in shown or "4 more like these." in shown


# --- saving


@pytest.fixture
def draft(signed_in: Client, installed: Cast) -> FormDraft:
    form = done(empty(), add("name"), add("yes_no"), add("text"))
    questions = tuple(
        replace(question, label={"en": question.name, "zh-Hans": "问"}) for question in form.questions
    )
    return services.start_copy(
        form=replace(form, questions=questions), title="测试", staff=installed.administrator, now_ms=NOW_MS
    )


def save(client: Client, draft: FormDraft, *, revision: int, definition: Any = None, **more: Any) -> Any:
    body = {"revision": revision, "definition": definition or draft.definition, **more}
    return client.post(f"/console/forms/drafts/{draft.id}/save", json.dumps(body), content_type=JSON)


def test_a_save_answers_with_what_the_page_needs(signed_in: Client, draft: FormDraft) -> None:
    act = {"do": "add", "kind": "number", "parent": "", "index": 0}
    said = save(signed_in, draft, revision=1, act=act).json()
    assert (said["revision"], said["at"], said["kinds"]["number"]) == (2, "number", "number")
    assert [problem["path"] for problem in said["problems"] if not problem["isNotice"]] == ["number"]
    stored = FormDraft.objects.get(id=draft.id)
    assert stored.definition == said["definition"]
    assert (stored.revision, stored.definition["name"]) == (2, draft.name)


def test_a_save_cannot_change_the_name_or_the_version(signed_in: Client, draft: FormDraft) -> None:
    save(signed_in, draft, revision=1, definition={**draft.definition, "name": "migrant", "version": 9})
    stored = FormDraft.objects.get(id=draft.id)
    assert (stored.definition["name"], stored.definition["version"]) == (draft.name, 0)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[]",
        "{}",
        '{"revision": 1}',
        '{"revision": "1", "definition": {}}',
        "{" * 9999,
        '{"revision": 1, "definition": 5}',
    ],
)
def test_a_save_that_is_none_is_refused(signed_in: Client, draft: FormDraft, body: str) -> None:
    answer = signed_in.post(f"/console/forms/drafts/{draft.id}/save", body, content_type=JSON)
    assert (answer.status_code, answer["content-type"]) == (400, JSON)
    assert FormDraft.objects.get(id=draft.id).revision == 1


def add_picture(client: Client, draft: FormDraft, data: bytes) -> Any:
    file = SimpleUploadedFile("photo.jpg", data)
    return client.post(f"/console/forms/drafts/{draft.id}/picture", {"picture": file})


def test_a_picture_is_made_anew_and_goes_home_with_the_form(signed_in: Client, draft: FormDraft) -> None:
    name = add_picture(signed_in, draft, jpeg(1600, 900)).json()["name"]
    data = bytes(FormPicture.objects.get(name=name).data)
    assert (Image.open(io.BytesIO(data)).size, CAMERA.encode() in data) == ((720, 405), False)
    definition = copy.deepcopy(draft.definition)
    definition["questions"][0]["image"] = {"zh-Hans": name}
    assert save(signed_in, draft, revision=1, definition=definition).status_code == 200
    preview = signed_in.get(f"/console/forms/drafts/{draft.id}/preview").content.decode()
    assert f'src="/M/{name}"' in preview
    given = signed_in.get(f"/console/forms/drafts/{draft.id}/xlsform")
    assert given["Content-Disposition"].endswith('.zip"')
    understood = read_form(given_bytes(given.content, "form.zip"))
    assert understood.form and understood.form.questions[0].image == {"zh-Hans": name}
    assert understood.pictures == {name: data}


def test_a_picture_goes_a_week_after_the_last_form_named_it(signed_in: Client, draft: FormDraft) -> None:
    names = [add_picture(signed_in, draft, jpeg(40, side)).json()["name"] for side in (30, 40, 50)]
    definition = copy.deepcopy(draft.definition)
    definition["questions"][0]["image"] = {"zh-Hans": names[0]}
    assert save(signed_in, draft, revision=1, definition=definition).status_code == 200
    publish(signed_in, draft, revision=2)
    assert FormVersion.objects.filter(name=draft.name).exists()
    services.start_version(name=draft.name, staff=draft.staff, now_ms=NOW_MS)
    begun = FormDraft.objects.get(name=draft.name)
    definition["questions"][0]["image"] = {"zh-Hans": names[1]}
    assert save(signed_in, begun, revision=1, definition=definition).status_code == 200
    now_ms = FormPicture.objects.get(name=names[2]).kept_ms
    assert not sweep_pictures(now_ms=now_ms + UNNAMED_KEPT_MS)
    assert sweep_pictures(now_ms=now_ms + UNNAMED_KEPT_MS + 1) == 1
    assert set(FormPicture.objects.values_list("name", flat=True)) == set(names[:2])


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "是空的"),
        (jpeg()[:300], "无法读取"),
        (b"no picture", "JPEG"),
        (bomb(), "过大"),
        (bytes(10_485_761), "10 MB"),
    ],
)
def test_what_is_no_picture_is_refused_in_words(
    signed_in: Client, draft: FormDraft, data: bytes, said: str
) -> None:
    answer = add_picture(signed_in, draft, data)
    assert answer.status_code == 422
    assert said in answer.json()["message"]
    assert "图片" in answer.json()["message"]


def test_two_people_do_not_overwrite_each_other(signed_in: Client, draft: FormDraft) -> None:
    base = draft.definition
    theirs = {**base, "questions": [{**base["questions"][0], "required": False}, *base["questions"][1:]]}
    mine = {**base, "questions": [*base["questions"][:2], {**base["questions"][2], "hint": {"en": "Help"}}]}
    assert save(signed_in, draft, revision=1, definition=theirs).status_code == 200
    late = save(signed_in, draft, revision=1, definition=mine)
    assert (late.status_code, late.json()["code"]) == (409, "changed_meanwhile")
    assert load_form(FormDraft.objects.get(id=draft.id).definition) == load_form(theirs)

    body = json.dumps({"revision": 1, "base": base, "definition": mine})
    said = signed_in.post(f"/console/forms/drafts/{draft.id}/merge", body, content_type=JSON).json()
    assert said["conflicts"] == []
    assert said["changes"][0]["about"] == "问"
    merged = said["merged"]["questions"]
    assert "required" not in merged[0]
    assert merged[2]["hint"] == {"en": "Help"}
    assert save(signed_in, draft, revision=said["revision"], definition=said["merged"]).status_code == 200


def test_the_same_question_changed_by_both_is_not_decided_for_them(signed_in: Client, draft: FormDraft) -> None:
    base = draft.definition
    mine, theirs = (
        {**base, "questions": [{**base["questions"][0], "label": {"en": label}}, *base["questions"][1:]]}
        for label in ("Mine", "Theirs")
    )
    save(signed_in, draft, revision=1, definition=theirs)
    body = json.dumps({"revision": 1, "base": base, "definition": mine})
    said = signed_in.post(f"/console/forms/drafts/{draft.id}/merge", body, content_type=JSON).json()
    assert said["merged"] is None
    assert said["conflicts"] == ["Mine"]


def test_a_draft_that_is_gone_says_so(signed_in: Client, draft: FormDraft) -> None:
    assert signed_in.post(f"/console/forms/drafts/{draft.id}/discard").status_code == 302
    assert save(signed_in, draft, revision=1).status_code == 404
    assert signed_in.get(f"/console/forms/drafts/{draft.id}").status_code == 404
    assert Act.objects.filter(verb="discard_form_draft", subject=draft.name).exists()


# --- the preview


def test_the_preview_is_the_real_page_and_sends_nothing(signed_in: Client, draft: FormDraft) -> None:
    answer = signed_in.get(f"/console/forms/drafts/{draft.id}/preview?lang=en")
    page = answer.content.decode()
    assert answer["x-frame-options"] == "SAMEORIGIN"
    assert "frame-ancestors 'self'" in answer["content-security-policy"]
    assert 'id="_preview"' in page
    assert 'name="yes_no"' in page
    assert 'action="#_on"' in page
    assert "/S/" not in page


def test_a_broken_condition_does_not_break_the_preview(signed_in: Client, draft: FormDraft) -> None:
    definition = draft.definition
    definition["questions"][2] |= {"relevant": "${nowhere} = ", "hint": {"en": "Hello ${nobody}", "zh-Hans": "x"}}
    said = save(signed_in, draft, revision=1, definition=definition).json()
    assert {problem["field"] for problem in said["problems"] if not problem["isNotice"]} >= {"relevant"}
    assert said["picked"]["text"] == {"relevant": None}
    assert signed_in.get(f"/console/forms/drafts/{draft.id}/preview?lang=en").status_code == 200


# --- publishing


def test_problems_call_questions_by_what_they_ask(signed_in: Client, draft: FormDraft) -> None:
    form = done(empty(languages=("zh-Hans",)), add("section"), add("yes_no"), add("yes_no"))
    rows = [
        {"joined": "all", "rows": [{"question": other, "comparison": "is", "value": "yes", "value_type": "text"}]}
        for other in ("yes_no_2", "yes_no")
    ]
    form = done(
        form,
        {"do": "condition", "path": "yes_no", "field": "relevant", **rows[0]},
        {"do": "condition", "path": "yes_no_2", "field": "relevant", **rows[1]},
    )
    definition = dump_form(form)
    definition["questions"][1]["label"] = {"zh-Hans": "发烧吗"}
    definition["questions"][2]["label"] = {"zh-Hans": "咳嗽吗"}
    said = save(signed_in, draft, revision=1, definition=definition).json()
    texts = [problem["text"] for problem in said["problems"] if not problem["isNotice"]]
    assert any("分组" in text for text in texts)
    assert any("发烧吗 → 咳嗽吗 → 发烧吗" in text for text in texts)
    assert not any("section" in text or "yes_no" in text for text in texts)


def publish(client: Client, draft: FormDraft, *, revision: int, newest: int = 0) -> Any:
    typed = {"revision": revision, "newest": newest}
    return client.post(f"/console/forms/drafts/{draft.id}/publish", typed)


def test_publishing_makes_a_version_that_never_changes(signed_in: Client, draft: FormDraft) -> None:
    before = Organisation.objects.get().generation
    assert signed_in.get(f"/console/forms/drafts/{draft.id}/publish").context["problems_found"] == []
    assert publish(signed_in, draft, revision=1)["location"] == f"/console/forms/named/{draft.name}/sites"
    row = FormVersion.objects.get(name=draft.name)
    assert (row.version, row.definition["version"]) == (1, 1)
    assert not FormDraft.objects.exists()
    assert Organisation.objects.get().generation == before + 1
    assert Act.objects.filter(verb="publish_form", subject=draft.name).exists()
    assert signed_in.get(f"/console/forms/named/{draft.name}").status_code == 200


def test_the_next_version_shows_its_difference(signed_in: Client, draft: FormDraft) -> None:
    publish(signed_in, draft, revision=1)
    signed_in.post(f"/console/forms/named/{draft.name}/change")
    second = FormDraft.objects.get()
    save(signed_in, second, revision=1, act={"do": "block", "block": "consent", "parent": "", "index": 9})
    page = signed_in.get(f"/console/forms/drafts/{second.id}/publish")
    (one,) = page.context["sentences"]
    assert one.happened == "added"
    assert one.about in CONSENT
    assert publish(signed_in, second, revision=2, newest=1).status_code == 302
    shown = signed_in.get(f"/console/forms/named/{draft.name}/1/2")
    assert len(shown.context["sentences"]) == 1
    assert signed_in.get(f"/console/forms/named/{draft.name}/1/9").status_code == 404
    assert signed_in.get("/console/forms/named/nowhere").status_code == 404


def test_a_difference_is_said_in_a_clerks_words_and_shared_choices_once() -> None:
    form = done(empty(), add("yes_no"), add("yes_no"), add("yes_no"), add("date"))
    first, second, third, when = paths(form)
    same = [form.question_at(path) for path in (first, second, third)]
    shared = replace(same[0], label={"zh-Hans": "有吗"})
    form = replace(
        form, questions=(shared, *(replace(shared, name=one.name) for one in same[1:]), form.questions[3])
    )
    form = with_choices(form, "yes_no", shared.choices)
    after = with_choices(form, "yes_no", (*shared.choices, Choice("unsure", {"zh-Hans": "不清楚"})))
    after = replace_question(after, when, replace(after.question_at(when), type=QuestionType.TEXT))
    with override("zh-hans"):
        said = sentences(find_differences(form, after), form, after, "zh-Hans")
    assert [(one.about, one.text, one.before, one.after) for one in said] == [
        ("有吗（另有 2 题）", "新选项", "", "不清楚"),
        ("date", "类型", "日期", "短文字"),
    ]


@pytest.mark.parametrize(("revision", "newest"), [(2, 0), (1, 1)])
def test_what_was_not_seen_is_not_published(
    signed_in: Client, draft: FormDraft, revision: int, newest: int
) -> None:
    answer = publish(signed_in, draft, revision=revision, newest=newest)
    assert answer.status_code == 422
    assert not FormVersion.objects.filter(name=draft.name).exists()
    assert FormDraft.objects.get(id=draft.id).revision == 1


def test_a_form_with_problems_is_not_published(signed_in: Client, draft: FormDraft) -> None:
    save(signed_in, draft, revision=1, act={"do": "add", "kind": "text", "parent": "", "index": 0})
    assert signed_in.get(f"/console/forms/drafts/{draft.id}/publish").context["problems_found"]
    assert publish(signed_in, draft, revision=2).status_code == 422
    assert not FormVersion.objects.filter(name=draft.name).exists()


def test_a_stranger_sees_nothing(client: Client, installed: Cast) -> None:
    for path in ("forms", "forms/new", "forms/named/migrant", "forms/named/migrant/1"):
        assert client.get(f"/console/{path}").status_code == 302


def test_old_versions_of_other_tools_questions_are_shown(signed_in: Client, installed: Cast) -> None:
    form = replace(
        empty(),
        questions=(
            Question("begun", QuestionType.START),
            Question("secret", QuestionType.HIDDEN, default="1"),
            Question("where", QuestionType.GEOPOINT, {"en": "Where", "zh-Hans": "哪里"}),
        ),
    )
    begun = services.start_copy(form=form, title="x", staff=installed.administrator, now_ms=NOW_MS)
    page = signed_in.get(f"/console/forms/drafts/{begun.id}")
    assert page.context["config"]["draft"]["kinds"] == {"begun": "", "secret": "", "where": "position"}
    assert io.BytesIO(signed_in.get(f"/console/forms/drafts/{begun.id}/xlsform").content).read(2) == b"PK"


BAD_FILES = {
    "types.md": """
| survey |
| | type | name | label::English (en) | constraint | relevant |
| | geotrace | way | Which way? | | |
| | integer | age | Age | . > | ${nobody} = 1 |
| | select_one none | choice | Choice | | |
| | text | age | Again | | |
""",
    "lists.csv": "survey,,,\n,type,name,label\n,begin_group,g,G\n,text,a b,Spaces\n,rank colours,r,R\n",
    "empty.md": "",
    "broken.xlsx": "PK\x03\x04 broken",
}


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for the command line, which does not see the database of these tests."""
    data: Path = tmp_path_factory.mktemp("installation")
    assert run_tianbao("migrate", "--data", str(data)).returncode == 0
    return data


@pytest.mark.parametrize("name", BAD_FILES)
@pytest.mark.parametrize(("language", "terminal"), [("en", "en_GB.UTF-8"), ("zh-Hans", "zh_CN.UTF-8")])
def test_the_page_and_the_command_line_say_the_same(
    signed_in: Client, tmp_path: Path, installation: Path, name: str, language: str, terminal: str
) -> None:
    (tmp_path / name).write_text(BAD_FILES[name])
    signed_in.cookies["lang"] = language
    upload = SimpleUploadedFile(name, (tmp_path / name).read_bytes())
    page = signed_in.post("/console/forms/new", {"way": "file", "file": upload})
    assert page.status_code == 422
    for verb in ("check", "import"):
        where = ("--data", str(installation)) if verb == "import" else ()
        done = run_tianbao("form", verb, str(tmp_path / name), *where, LC_ALL=terminal, PYTHONIOENCODING="utf-8")
        assert done.returncode == 1
        found = page.context["found"]
        assert (
            [line.strip() for line in (done.stdout or done.stderr).splitlines()][1 : len(found) + 1] == found != []
        )
