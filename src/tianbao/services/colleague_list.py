"""A list of colleagues as it comes out of Excel or from a paste: name, role, place; each line read and judged.

What it leads to are invitations (`services.colleagues`), all of a list or none. Must not know: screens.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from zipfile import BadZipFile

from django.db import transaction

from tianbao.domain.access import Access, Permission, Role
from tianbao.domain.problems import Code, Problem, Refused, refuse
from tianbao.services.access import reachable_sites
from tianbao.services.areas import find_place
from tianbao.services.colleagues import NAME_LENGTH_MAX, Post, Sent, invite, post_problem
from tianbao.services.organisation import check_line
from tianbao.store.models import Area, Staff

LINES_MAX: Final = 300
FILE_BYTES_MAX: Final = 2_000_000
_HEADINGS: Final = frozenset({"name", "姓名"})


@dataclass(frozen=True, slots=True)
class ListedColleague:
    """A line as it was read: whom it would invite to what, or what is wrong."""

    line: int
    name: str
    role_text: str
    place_text: str
    post: Post | None = None
    problems: tuple[Problem, ...] = ()


def read_file(data: bytes, filename: str) -> str:
    """An .xlsx or .csv as lines to look at and correct: its first three columns. Refused: neither, too large."""
    if len(data) > FILE_BYTES_MAX:
        raise refuse(Code.FILE_TOO_LARGE, "file", bytes_max=FILE_BYTES_MAX)
    rows = _read_workbook(data) if filename.lower().endswith(".xlsx") else _read_csv(data)
    cells = [[cell.strip() for cell in row[:3]] for row in rows]
    return "\n".join("\t".join(row) for row in cells if any(row))


def read_lines(text: str, *, roles: Mapping[str, Role], access: Access) -> list[ListedColleague]:
    """Lines of "name, role, place" (comma, tab or Chinese comma); `roles` by the words for them, in lower case.

    The place is a site's code or name, an area made by hand, or a division; empty for the whole installation.
    Refused for none at all or too many.
    """
    rows = [(number, _split(line)) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    if rows and rows[0][1][0].lower() in _HEADINGS:
        rows = rows[1:]
    if not rows:
        raise refuse(Code.REQUIRED, "colleagues")
    if len(rows) > LINES_MAX:
        raise refuse(Code.TOO_MANY, "colleagues", rows_max=LINES_MAX)
    return [_read_line(number, cells, roles, access) for number, cells in rows]


def invite_all(*, listed: Sequence[ListedColleague], access: Access, staff: Staff, now_ms: int) -> list[Sent]:
    """An invitation for each line, or none: Refused if a line still has a problem."""
    problems = [problem for one in listed for problem in one.problems]
    if problems:
        raise Refused(*problems)
    with transaction.atomic():
        return [
            invite(name=one.name, post=one.post, access=access, staff=staff, now_ms=now_ms)
            for one in listed
            if one.post is not None
        ]


def _read_line(number: int, cells: list[str], roles: Mapping[str, Role], access: Access) -> ListedColleague:
    name, role_text, place_text = cells
    problems = check_line(name, "person", NAME_LENGTH_MAX)
    role = roles.get(role_text.lower())
    if role is None:
        problems.append(Problem(Code.NOT_A_CHOICE if role_text else Code.REQUIRED, "role"))
        return ListedColleague(number, name, role_text, place_text, None, tuple(problems))
    try:
        post = _read_place(role, place_text, access)
    except Refused as refused:
        return ListedColleague(number, name, role_text, place_text, None, (*problems, *refused.problems))
    problems += filter(None, [post_problem(post, access)])
    return ListedColleague(number, name, role_text, place_text, post, tuple(problems))


def _read_place(role: Role, text: str, access: Access) -> Post:
    reach = access.reach(Permission.MANAGE_STAFF)
    sites = reachable_sites(reach)
    site = sites.filter(code=text.upper()).first() or sites.filter(name=text).order_by("created_ms").first()
    if text and site is not None:
        return Post(role, site=site)
    part = next((row.code for row in Area.objects.filter(name=text) if reach.covers_area(row.code)), "")
    return Post(role, area=find_place(text=text, part=part))


def _split(line: str) -> list[str]:
    for separator in ("\t", ",", "，"):
        if separator in line:
            cells = [cell.strip() for cell in line.split(separator, 2)]
            return [*cells, "", ""][:3]
    return [line.strip(), "", ""]


def _read_workbook(data: bytes) -> Iterable[Sequence[str]]:
    import openpyxl  # slow to import, and few bring a file
    from openpyxl.utils.exceptions import InvalidFileException

    from tianbao.xlsform.reading import is_too_large_unpacked

    try:
        if is_too_large_unpacked(data):
            raise refuse(Code.FILE_TOO_LARGE, "file", bytes_max=FILE_BYTES_MAX)
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        sheet = book.worksheets[0]
        return [
            ["" if cell is None else str(cell) for cell in row]
            for row in sheet.iter_rows(max_row=LINES_MAX + 2, max_col=3, values_only=True)
        ]
    except (BadZipFile, InvalidFileException, KeyError, ValueError, IndexError, OSError) as error:
        raise refuse(Code.FILE_TYPE, "file") from error


def _read_csv(data: bytes) -> Iterable[Sequence[str]]:
    from tianbao.xlsform.reading import decode_text

    try:
        return list(csv.reader(io.StringIO(decode_text(data))))
    except (csv.Error, UnicodeError) as error:
        raise refuse(Code.FILE_TYPE, "file") from error
