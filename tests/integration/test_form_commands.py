"""Forms at the command line: what is wrong, for people and for scripts; taken in, and written out again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.edge_client import EdgeClient, make_installation
from tests.file_samples import png
from tests.installation import run_tianbao
from tests.page_samples import kit

from tianbao.config import Config
from tianbao.domain.form_pictures import is_kept
from tianbao.xlsform import Understood, open_form, read_form

GOOD = """
| survey |
| | type | name | label::English (en) | label::中文 (zh-Hans) |
| | text | who | Who are you? | 您是谁？ |
| settings |
| | form_id | form_title | default_language |
| | visit | Visit | English (en) |
"""
BAD = """
| survey |
| | type | name | label::English (en) | constraint |
| | geotrace | way | Which way? | |
| | integer | age | Age | . > |
"""


def written(folder: Path, text: str, name: str = "form.md") -> str:
    (folder / name).write_text(text, "utf-8")
    return str(folder / name)


def read(path: Path) -> Understood:
    return read_form(open_form(path))


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data: Path = tmp_path_factory.mktemp("data")
    make_installation(data)
    return data


def said(*arguments: str, code: int = 0, **environment: str) -> dict[str, Any]:
    done = run_tianbao("form", *arguments, "--json", **environment)
    assert done.returncode == code, done.stderr
    object_: dict[str, Any] = json.loads(done.stdout)
    return object_


def test_a_good_form_is_said_to_be_good(tmp_path: Path) -> None:
    file = written(tmp_path, GOOD)
    done = run_tianbao("form", "check", file, LC_ALL="en_GB.UTF-8")
    assert (done.returncode, done.stdout) == (
        0,
        "“Visit” (visit) can be used. Questions: 1; languages: en, zh-Hans\n",
    )


@pytest.mark.parametrize(
    ("language", "line"),
    [
        (
            "en_GB.UTF-8",
            "sheet “survey”, row 4, column B (type): Questions of type “geotrace” cannot be asked here. "
            "Please leave it out or ask for text or a file instead.",
        ),
        ("zh_CN.UTF-8", "工作表“survey”第 4 行 B 列（type）：这里不能用“geotrace”类型的题目。"),
    ],
)
def test_everything_wrong_is_said_with_its_place_in_the_language_of_the_terminal(
    tmp_path: Path, language: str, line: str
) -> None:
    done = run_tianbao("form", "check", written(tmp_path, BAD), LC_ALL=language, PYTHONIOENCODING="utf-8")
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert len(lines) == 3
    assert line in lines[1]
    assert "5" in lines[2] and "constraint" in lines[2]


def test_scripts_read_the_same_as_an_object(tmp_path: Path) -> None:
    found = said("check", written(tmp_path, BAD), "--language", "en", code=1)
    assert found["form"] is None
    first, second = found["problems"]
    assert {name: first[name] for name in ("code", "sheet", "row", "column", "letter")} == {
        "code": "unsupported_type",
        "sheet": "survey",
        "row": 4,
        "column": "type",
        "letter": "B",
    }
    assert (second["code"], second["question"], second["row"], second["letter"]) == ("expression", "age", 5, "E")
    assert second["message"] == "The expression ends too soon. Please check its parentheses and what should follow."
    good = said("check", written(tmp_path, GOOD))
    assert good["form"] == {"name": "visit", "title": "Visit", "questions": 1, "languages": ["en", "zh-Hans"]}
    assert good["problems"] == []


def test_a_file_that_is_not_there_is_a_slip_of_the_command_line(tmp_path: Path) -> None:
    done = run_tianbao("form", "check", str(tmp_path / "none.xlsx"))
    assert done.returncode == 2
    assert "none.xlsx" in done.stderr


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"PK\x03\x04 broken"])
def test_a_file_that_is_no_spreadsheet_is_refused_in_words(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "form.xlsx"
    file.write_bytes(content)
    assert [problem["code"] for problem in said("check", str(file), code=1)["problems"]] == ["not_a_spreadsheet"]


def test_a_form_is_taken_in_as_a_draft_then_published_and_written_out(tmp_path: Path, data: Path) -> None:
    file = written(tmp_path, GOOD)
    begun = said("import", file, "--data", str(data))
    assert begun["draft"].startswith("/console/forms/drafts/")
    assert said("import", file, "--data", str(data), "--publish")["version"] == 1
    again = said("import", file, "--data", str(data), "--publish")
    assert (again["version"], again["is_new"]) == (1, False)
    for suffix in (".xlsx", ".md", ".csv"):
        out = tmp_path / f"out{suffix}"
        assert run_tianbao("form", "export", "visit", "--data", str(data), "--to", str(out)).returncode == 0
        assert read(out).form == read(Path(file)).form


def test_pictures_come_in_with_a_form_are_served_and_go_out_with_it(tmp_path: Path, data: Path) -> None:
    file = written(
        tmp_path,
        GOOD.replace("| label::中文 (zh-Hans) |", "| label::中文 (zh-Hans) | image |").replace(
            "您是谁？ |", "您是谁？ | me.png |"
        ),
    )
    (tmp_path / "media").mkdir()
    (tmp_path / "media" / "me.png").write_bytes(png())
    assert said("import", file, "--data", str(data), "--name", "pictured", "--publish")["notices"] == []
    out = tmp_path / "out.zip"
    assert run_tianbao("form", "export", "pictured", "--data", str(data), "--to", str(out)).returncode == 0
    found = read(out)
    assert found.form is not None
    ((name, picture),) = found.pictures.items()
    assert is_kept(name)
    again = said("import", str(out), "--data", str(data), "--publish")
    assert (again["version"], again["is_new"]) == (1, False)
    client = EdgeClient(Config(data), "/S/NONE")
    try:
        answer = client.get(f"/M/{name}")
        assert (answer.status_code, answer.headers["content-type"], answer.content) == (200, "image/jpeg", picture)
        assert "immutable" in answer.headers["cache-control"]
        assert client.get(f"/M/{'0' * 32}.jpg").status_code == 404
    finally:
        client.close()


def test_a_form_is_taken_in_under_another_name(tmp_path: Path, data: Path) -> None:
    file = written(tmp_path, GOOD)
    assert said("import", file, "--data", str(data), "--name", "visit_2", "--publish")["form"]["name"] == "visit_2"
    refused = said("import", file, "--data", str(data), "--name", "visit 2", "--publish", code=1)
    assert [problem["code"] for problem in refused["problems"]] == ["form_name"]


def test_nothing_is_taken_in_of_a_form_with_problems(tmp_path: Path, data: Path) -> None:
    file = written(tmp_path, BAD, "bad.md")
    found = said("import", file, "--data", str(data), "--publish", code=1)
    assert found["problems"] == said("check", file, code=1)["problems"]
    done = run_tianbao("form", "export", "bad", "--data", str(data), "--to", str(tmp_path / "x.md"))
    assert done.returncode == 1
    assert not (tmp_path / "x.md").exists()


def test_a_file_becomes_another_kind_of_file(tmp_path: Path) -> None:
    source = Path(__file__).parents[2] / "src/tianbao/data/kits/shelter.md"
    out = tmp_path / "shelter.xlsx"
    assert run_tianbao("form", "export", str(source), "--to", str(out)).returncode == 0
    assert read(out).form == kit("shelter")
    assert run_tianbao("form", "export", str(source), "--to", str(tmp_path / "x.pdf")).returncode == 1


def test_nobody_waits_for_pyxform_who_has_no_file_at_hand() -> None:
    code = (
        "import tianbao.processes, sys, django; django.setup();"
        "import tianbao.console.urls, tianbao.edge.app, tianbao.server, tianbao.services.jobs, tianbao.asgi;"
        "print([name for name in ('pyxform', 'openpyxl', 'xlrd') if name in sys.modules])"
    )
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tianbao.settings"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
    assert done.stdout == "[]\n"
