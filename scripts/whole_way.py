"""The whole way of a form: published, put on a site, filled in at random in a browser of a phone's size, submitted
to a real edge, taken home as a workbook in which every answer is looked for.

Used by try_xlsforms.py. One installation of its own, in a folder that is thrown away.
"""

from __future__ import annotations

import io
import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Final
from zoneinfo import ZoneInfo

from openpyxl import load_workbook
from playwright.sync_api import Error, Page
from tests.answering import FILE, Answering, Stuck, flat_pairs
from tests.e2e.browser import chromium
from tests.edge_client import PASSWORD, USER, make_installation
from tests.installation import serve

import tianbao.processes  # noqa: F401 - brings the SQLite that the server has
from tianbao.domain.access import EVERYWHERE
from tianbao.domain.evaluation import Moment
from tianbao.domain.forms import NUMBERS, Form, QuestionType, walk_questions

PHONE: Final = {"viewport": {"width": 360, "height": 640}, "device_scale_factor": 2}
WAIT_S: Final = 60.0
PICTURE: Final = Path(__file__).parent.parent / "docs" / "images" / "form.en.png"
FILL: Final = """async pairs => {
  const form = document.querySelector('form'), left = new Map(pairs);
  const wait = ms => new Promise(done => setTimeout(done, ms));
  const tell = (field, name) => field.dispatchEvent(new Event(name, {bubbles: true}));
  const lengths = {month: 7, date: 10, time: 5, 'datetime-local': 16};
  const type = (field, text) => {
    field.focus();
    field.value = text.slice(0, lengths[field.type] || (field.maxLength == 4 ? 4 : undefined));
    tell(field, 'input');
  };
  const pick = async (field, text) => {
    for (let tries = 0; tries < 40; tries++, await wait(100)) {
      const option = [...document.querySelectorAll('#_list li')].find(one => one.innerText == text);
      if (option) return option.click();
    }
  };
  const answer = async (name, values, fields) => {
    const [field] = fields;
    if (field.type == 'radio' || field.type == 'checkbox')
      fields.filter(one => values.includes(one.value) != one.checked).forEach(one => one.click());
    else if (field.tagName == 'SELECT') fields.forEach((one, at) => { one.value = values[at] || ''; });
    else type(field, values[0]);
    if (field.parentNode.dataset.from) await pick(field, values[0]);
    tell(field, 'change');
    field.blur();
  };
  for (let done = true; done;) {
    done = false;
    for (const [name, values] of [...left]) {
      const all = [...form.querySelectorAll('[name="' + name + '"]')].filter(one => one.type != 'hidden');
      const fields = all.filter(one => !one.closest('[hidden]'));
      if (all[0] && !fields[0]) continue;
      if (fields[0]) {
        await answer(name, values, fields);
        left.delete(name);
        done = true;
        continue;
      }
      const parts = name.split('.');
      const at = parts.findIndex((part, index) =>
        /^\\d+$/.test(part) && !form.querySelector('[data-at="' + parts.slice(0, index + 1).join('.') + '."]'));
      const more = form.querySelector('[value="add:' + parts.slice(0, at).join('.') + '"]');
      if (at < 0 || !more || more.closest('[hidden]')) continue;
      more.click();
      done = true;
    }
  }
  return [...left.keys()];
}"""
"""Fills in what is seen, in the form's order, as often as something new is; answers the names that never were."""


class WholeWay:
    """An installation with its server and a browser."""

    def __enter__(self) -> WholeWay:
        self._stack = ExitStack()
        folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
        make_installation(folder)
        os.environ |= {"TIANBAO_DATA": str(folder), "DJANGO_SETTINGS_MODULE": "tianbao.settings"}
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # Playwright's loop runs in this thread
        import django

        django.setup()
        _, said = self._stack.enter_context(serve(folder))
        self._origin = "/".join(said["console"].split("/")[:3])
        self._browser = self._stack.enter_context(chromium())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def go(self, form: Form, name: str, picture: Path | None = None) -> str:
        """What goes wrong on the way; empty where nothing does."""
        from tianbao.services.divisions import TIME_ZONE_DEFAULT, gazetteer

        moment = Moment(datetime.now(ZoneInfo(TIME_ZONE_DEFAULT)), lambda: 0.5)
        try:
            given, stored = Answering(form, gazetteer(), seed=len(name)).draw(moment)
        except Stuck as stuck:
            return f"no valid answers found: {stuck}"
        pairs = dict(flat_pairs(form, given, stored))
        site, form_name = self._publish(form, name)
        locale = "zh-CN" if form.languages[0] == "zh-Hans" else "en-GB"
        context = self._browser.new_context(**PHONE, locale=locale, timezone_id=TIME_ZONE_DEFAULT)
        try:
            page = context.new_page()
            failures: list[str] = []
            page.on("pageerror", lambda error: failures.append(error.stack or str(error)))
            found = self._open(page, f"{self._origin}/S/{site}")
            if picture:
                page.screenshot(path=picture, full_page=True)
            found = found or _fill_in(page, _as_shown(form, pairs)) or _submit(page)
            if picture:
                page.screenshot(path=picture.with_suffix(".after.png"), full_page=True)
            return "; ".join(failures) or found or self._missing_at_home(form, form_name, stored)
        except Error as error:
            return f"browser: {str(error).splitlines()[0]}"
        finally:
            context.close()

    def _publish(self, form: Form, name: str) -> tuple[str, str]:
        """The codes of a site with the form, and the form's name here."""
        from dataclasses import replace

        from tianbao.services.forms import import_form
        from tianbao.services.organisation import bump_generation
        from tianbao.services.sites import create_site
        from tianbao.store.models import FormVersion

        now_ms = time.time_ns() // 1_000_000
        form_name = form.name[:50] + f"-{FormVersion.objects.count()}"
        import_form(form=replace(form, name=form_name), staff=None, now_ms=now_ms)
        site = create_site(name=name[-60:], area="130636", reach=EVERYWHERE, staff=None, now_ms=now_ms)
        site.forms.update(name=form_name)
        bump_generation()
        return site.code, form_name

    def _open(self, page: Page, address: str) -> str:
        """The edge looks for new sites twice a second."""
        until = time.monotonic() + WAIT_S
        while True:
            answer = page.goto(address)
            if answer and answer.ok:
                return ""
            if time.monotonic() > until:
                return f"the page does not open: {answer and answer.status}"
            time.sleep(0.2)

    def _missing_at_home(self, form: Form, form_name: str, stored: Mapping[str, Any]) -> str:
        from tianbao.store.models import Record

        until = time.monotonic() + WAIT_S
        while not Record.objects.filter(form__name=form_name).exists():
            if time.monotonic() > until:
                return "no record was made of it"
            time.sleep(0.1)
        book = load_workbook(io.BytesIO(_export(form_name)), read_only=True, data_only=True)
        cells = {
            str(cell).strip()
            for sheet in book.worksheets
            for row in sheet.iter_rows(values_only=True)
            for cell in row
        }
        chosen = set(form.columns and [column.question for column in form.columns])
        wanted = [text for path, text in _plain_answers(form, stored) if not chosen or _template(path) in chosen]
        absent = [text for text in wanted if text not in cells]
        return f"not in the workbook: {absent[:3]}" if absent else ""


def _export(form_name: str) -> bytes:
    from django.conf import settings

    from tianbao.domain.ids import uuid7
    from tianbao.services.exporting import Asked, Shape, export_form
    from tianbao.services.keys import Keyring
    from tianbao.services.selection import Filters
    from tianbao.store.models import Staff

    staff = Staff.objects.get(username=USER)
    keyring = Keyring(settings.CONFIG.keys)
    assert keyring.unlock(officer_id=str(staff.pk), password=PASSWORD)
    file = io.BytesIO()
    asked = Asked(filters=Filters(reach=EVERYWHERE, form=form_name), shape=Shape.WORKBOOK, language="en")
    now_ms = time.time_ns() // 1_000_000
    export_form(
        file, asked=asked, keyring=keyring, staff=staff, export_id=uuid7(now_ms, os.urandom(10)), now_ms=now_ms
    )
    return file.getvalue()


def _as_shown(form: Form, pairs: dict[str, list[str]]) -> list[tuple[str, list[str]]]:
    """Of a long list the label, which is what somebody types."""
    from tianbao.domain.forms import text_in
    from tianbao.domain.long_lists import is_long_list

    shown = []
    for path, values in pairs.items():
        question = form.question_at(path)
        if question and is_long_list(question):
            label = next(choice.label for choice in question.choices if choice.name == values[0])
            values = [text_in(label, form.languages[0])]
        shown.append((path, values))
    return shown


def _fill_in(page: Page, pairs: list[tuple[str, list[str]]]) -> str:
    """Files come last: script cannot choose one."""
    left = page.evaluate(FILL, [pair for pair in pairs if pair[1] != [FILE["name"]]])
    for name in [name for name, values in pairs if values == [FILE["name"]]]:
        field = page.locator(f'[name="_file:{name}"]')
        if field.count():
            field.set_input_files(PICTURE)
        else:
            left.append(name)
    return f"never shown to be filled in: {', '.join(left[:3])}" if left else ""


def _submit(page: Page) -> str:
    page.locator("main form button[value=submit]:not(.sr)").click()
    until = time.monotonic() + WAIT_S
    while time.monotonic() < until:
        if page.url.endswith("/R"):
            return ""
        summary = page.locator("#_problems")
        if summary.count() and summary.is_visible():
            return f"the page says: {' '.join(summary.inner_text().split())[:200]}"
        time.sleep(0.05)
    return "no receipt came: " + " ".join(page.locator("main").inner_text().split())[:200]


def _template(path: str) -> str:
    return ".".join(part for part in path.split(".") if not part.isdecimal())


def _plain_answers(form: Form, stored: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Texts and whole numbers, which stand in a workbook as they were given."""
    types = {path: question.type for path, question in walk_questions(form.questions)}
    for name, value in stored.items():
        path = f"{prefix}{name}"
        if isinstance(value, Mapping):
            yield from _plain_answers(form, value, f"{path}.")
        elif isinstance(value, list):
            for index, row in enumerate(value):
                if isinstance(row, Mapping):
                    yield from _plain_answers(form, row, f"{path}.{index}.")
        elif types.get(_template(path)) in (QuestionType.TEXT, *NUMBERS) and isinstance(value, (str, int)):
            yield path, str(value).strip()
