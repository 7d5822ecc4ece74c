"""Forms as files: the kits that come with the program, a spreadsheet that somebody uploads, one to take home.

Between `tianbao.xlsform`, which reads and writes them, and the console and the command line; it is loaded only
when a file is at hand, because that takes half a second. Must not know: drafts, screens.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tianbao.domain.form_checks import check_form
from tianbao.domain.forms import Form, Text
from tianbao.domain.problems import Code, refuse

if TYPE_CHECKING:
    from tianbao.xlsform import Understood


def write_workbook(form: Form) -> bytes:
    """The form as .xlsx."""
    from tianbao import xlsform

    return xlsform.write_workbook(form)


def _write_markdown(form: Form) -> bytes:
    from tianbao import xlsform

    return xlsform.write_markdown(form).encode()


def _write_csv(form: Form) -> bytes:
    from tianbao import xlsform

    return xlsform.write_csv(form).encode()  # without Excel's byte order mark, which other tools stumble over


WRITERS: Final[Mapping[str, Callable[[Form], bytes]]] = {
    ".xlsx": write_workbook,
    ".md": _write_markdown,
    ".csv": _write_csv,
}
"""How a form is written, by what the file's name ends with."""


def write_zip(form: Form, pictures: Mapping[str, bytes]) -> bytes:
    """The form as .xlsx with its pictures in media/."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{form.name}.xlsx", write_workbook(form))
        for name, data in pictures.items():
            archive.writestr(f"media/{name}", data)
    return file.getvalue()


@dataclass(frozen=True, slots=True)
class Kit:
    """A form to begin with. `about` says who it is for."""

    form: Form
    about: Text


@cache
def list_kits() -> tuple[Kit, ...]:
    """All kits, by name; read once."""
    folder = resources.files("tianbao") / "data" / "kits"
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".md")), key=lambda file: file.name)
    return tuple(_read_kit(file.name, file.read_text("utf-8")) for file in files)


def find_kit(name: str) -> Kit:
    """The kit with a form of this name. Raises Refused."""
    for kit in list_kits():
        if kit.form.name == name:
            return kit
    raise refuse(Code.NOT_FOUND)


def read_upload(*, data: bytes, filename: str) -> Understood:
    """The form in an uploaded file, or everything that is wrong with it."""
    from tianbao.xlsform import given_bytes, read_form

    return read_form(given_bytes(data, filename))


def read_path(path: Path, *, name: str = "") -> Understood:
    """The form in a file, ZIP or folder on the disk, under another name if one is given. Raises OSError."""
    from tianbao.xlsform import open_form, read_form

    understood = read_form(open_form(path))
    if understood.form is None or not name:
        return understood
    form = replace(understood.form, name=name)
    problems = tuple(check_form(form))
    return replace(understood, form=None if problems else form, problems=problems)


def _read_kit(filename: str, text: str) -> Kit:
    """The paragraphs between the heading and the tables say what it is for, one a language of the form."""
    understood = read_upload(data=text.encode(), filename=filename)
    if understood.form is None:
        raise ValueError(f"{filename}: {understood.problems}")
    lines = takewhile(lambda line: not line.startswith("|"), text.splitlines()[1:])
    about = dict(zip(understood.form.languages, filter(None, lines), strict=False))
    return Kit(understood.form, about)
