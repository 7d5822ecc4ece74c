"""What comes with a form: a file alone, a folder, or a ZIP of the form and its media; choices from CSV and GeoJSON.

Beside `reading`. Must not know: what a form asks the files for.
"""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any, Final, TypeAlias

from tianbao.domain.form_problems import FormCode, FormProblem
from tianbao.domain.forms import Choice
from tianbao.xlsform.reading import (
    FILE_MAX_BYTES,
    SUFFIXES,
    UNPACKED_MAX_BYTES,
    decode_text,
    is_too_large_unpacked,
)

Find: TypeAlias = Callable[[str], bytes | None]
"""The bytes of an attached file by its name; None where there is none."""

FILES_MAX: Final = 1_000
CHOICES_MAX: Final = 100_000
"""Choices read from one file; how many a form may have is for `domain.form_checks` to say."""


class Unreadable(ValueError):
    """Raised for a file of choices that is none."""


@dataclass(frozen=True, slots=True)
class Given:
    """A form's file and what lies beside it. `problems` says what kept it from being found."""

    data: bytes
    filename: str
    find: Find
    problems: tuple[FormProblem, ...] = ()


def given_bytes(data: bytes, filename: str, media: Mapping[str, bytes] | None = None) -> Given:
    """From an upload: a form's file with its media, or a ZIP of both."""
    files = dict(media or {})
    if PurePath(filename).suffix.lower() != ".zip":
        return Given(data, filename, files.get)
    try:
        if len(data) > FILE_MAX_BYTES or is_too_large_unpacked(data):
            parameters = {"bytes": len(data), "bytes_max": FILE_MAX_BYTES}
            return _nothing(filename, FormProblem(FormCode.FILE_TOO_LARGE, parameters=parameters))
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()][:FILES_MAX]
            files |= {PurePath(entry.filename).name: archive.read(entry) for entry in entries}
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError, ValueError, EOFError):
        return _nothing(filename, FormProblem(FormCode.NOT_A_SPREADSHEET))
    names = [PurePath(entry.filename) for entry in entries]
    form = _the_form(names)
    return Given(files[form.name], form.name, files.get) if form else _nothing(filename, _several(names))


def open_form(path: Path) -> Given:
    """From the disk: a form's file, a folder with one, or a ZIP. Attached files are looked for beside the form.

    Raises OSError.
    """
    if path.is_dir():
        names = sorted(entry for entry in path.iterdir() if entry.is_file())[:FILES_MAX]
        form = _the_form(names)
        return open_form(path / form.name) if form else _nothing(path.name, _several(names))
    if path.stat().st_size > FILE_MAX_BYTES:
        parameters = {"bytes": path.stat().st_size, "bytes_max": FILE_MAX_BYTES}
        return _nothing(path.name, FormProblem(FormCode.FILE_TOO_LARGE, parameters=parameters))
    folders = (path.parent, path.with_name(f"{path.stem}-media"), path.parent / "media")

    def find(name: str) -> bytes | None:
        for folder in folders:
            file = folder / PurePath(name).name
            if file.is_file() and file.stat().st_size <= UNPACKED_MAX_BYTES:
                return file.read_bytes()
        return None

    if path.suffix.lower() == ".zip":
        return given_bytes(path.read_bytes(), path.name)
    return Given(path.read_bytes(), path.name, find)


def _nothing(filename: str, problem: FormProblem) -> Given:
    return Given(b"", filename, lambda name: None, (problem,))


def _several(names: list[Any]) -> FormProblem:
    return FormProblem(FormCode.NO_FORM_INSIDE, parameters={"count": len(_forms(names))})


def _the_form(names: list[Any]) -> PurePath | None:
    forms = _forms(names)
    return forms[0] if len(forms) == 1 else None


def _forms(names: list[Any]) -> list[PurePath]:
    """Spreadsheets; Markdown where there are none, CSV where there is neither, because choices come as CSV."""
    seen = [name for name in names if not name.name.startswith((".", "~"))]
    kinds = (SUFFIXES - {".md", ".csv"}, {".md"}, {".csv"})
    found = ([name for name in seen if name.suffix.lower() in kind] for kind in kinds)
    return next(filter(None, found), [])


def read_choices(data: bytes, filename: str, language: str, value: str = "", label: str = "") -> tuple[Choice, ...]:
    """The choices of a CSV or GeoJSON file; `value` and `label` name its columns where they are called otherwise.

    Where no column names the choices (a table that pulldata() looks into) they are numbered from 1. Raises
    Unreadable.
    """
    try:
        if PurePath(filename).suffix.lower() == ".geojson":
            rows, value, label = _features(json.loads(decode_text(data))), value or "id", label or "title"
        else:
            rows, value, label = _records(decode_text(data)), value or "name", label or "label"
    except (ValueError, KeyError, TypeError, AttributeError, csv.Error, RecursionError) as error:
        raise Unreadable(filename) from error
    choices = []
    for number, row in enumerate(rows[:CHOICES_MAX], start=1):
        cells = {column: text for column, text in row.items() if column and text}
        name = cells.pop(value, "") or str(number)
        shown = cells.pop(label, "") or name
        choices.append(Choice(name, {language: shown}, columns=cells))
    return tuple(choices)


def _records(text: str) -> list[dict[str, str]]:
    heading = text.partition("\n")[0]
    delimiter = next((mark for mark in ",;\t" if mark in heading), ",")
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
    return [
        {str(column).strip(): value.strip() for column, value in row.items() if column and isinstance(value, str)}
        for row in reader
    ]


def _features(collection: Any) -> list[dict[str, str]]:
    """A feature's properties, its id, and a point as ODK writes it: latitude, longitude, altitude, accuracy."""
    rows = []
    for feature in collection["features"]:
        row = {str(name): _plain(value) for name, value in (feature.get("properties") or {}).items()}
        row.setdefault("id", _plain(feature.get("id")))
        geometry = feature.get("geometry") or {}
        if geometry.get("type") == "Point":
            longitude, latitude = geometry["coordinates"][:2]
            row["geometry"] = f"{latitude} {longitude} 0 0"
        rows.append(row)
    return rows


def _plain(value: Any) -> str:
    if value is None or isinstance(value, (dict, list)):
        return ""
    return str(value).strip()
