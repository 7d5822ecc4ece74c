"""Files that answer a question: how large they may be, what they really are, and what proves the right to one.

Stands between the edge, which takes a file, and the answers, which refer to it (docs/adr/0008). A file's type is
what its first bytes say; its given name and Content-Type are only words. Must not know: HTTP, disks, how pictures
are made anew.

Sources for the signatures: ISO 10918-1 (JPEG), RFC 2083 (PNG), RFC 9649 (WebP), GIF89a, ISO 14496-12 (`ftyp` of
AVIF and HEIC), ISO 32000-1 (PDF), PKWARE APPNOTE (ZIP).
"""

from __future__ import annotations

import re
from codecs import getincrementaldecoder
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final
from urllib.parse import quote

from tianbao.domain.forms import FILES, Form, Path, Question, QuestionType, walk_questions
from tianbao.domain.receipts import decode_base64url, encode_base64url

IMAGE_BYTES_MAX: Final = 10 * 1_048_576
FILE_BYTES_MAX: Final = 20 * 1_048_576
FILES_MAX: Final = 60
"""Files in one submission."""
NAME_CHARACTERS_MAX: Final = 120
SIDE_PIXELS_DEFAULT: Final = 2_048
SIDE_PIXELS_MAX: Final = 8_192
PIXELS_MAX: Final = 50_000_000
"""More is not decoded: a picture of some kilobytes can say that it is as large as memory."""
HEAD_BYTES: Final = 1_024
"""As much of a file as `sniff` looks at."""

FILE_ID_BYTES: Final = 16
KEY_BYTES: Final = 32
DIGEST_BYTES: Final = 16


class FileType(StrEnum):
    """Media types. Only those of `KEPT` are ever stored."""

    JPEG = "image/jpeg"
    PNG = "image/png"
    WEBP = "image/webp"
    GIF = "image/gif"
    AVIF = "image/avif"
    HEIC = "image/heic"
    PDF = "application/pdf"
    DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
    ODT = "application/vnd.oasis.opendocument.text"
    ODS = "application/vnd.oasis.opendocument.spreadsheet"
    ODP = "application/vnd.oasis.opendocument.presentation"
    ZIP = "application/zip"
    """Not a type to keep: what is inside says (domain.office_files)."""
    TEXT = "text/plain"
    CSV = "text/csv"


IMAGES: Final = frozenset({FileType.JPEG, FileType.PNG, FileType.WEBP, FileType.GIF, FileType.AVIF})
"""Pictures that are read; each is made anew as JPEG."""
_EXTENSIONS: Final[Mapping[FileType, tuple[str, ...]]] = {
    FileType.JPEG: ("jpg", "jpeg"),
    FileType.PDF: ("pdf",),
    FileType.DOCX: ("docx",),
    FileType.XLSX: ("xlsx",),
    FileType.PPTX: ("pptx",),
    FileType.ODT: ("odt",),
    FileType.ODS: ("ods",),
    FileType.ODP: ("odp",),
    FileType.TEXT: ("txt", "log", "md"),
    FileType.CSV: ("csv",),
}
KEPT: Final = frozenset(_EXTENSIONS)
EXTENSIONS_TAKEN: Final = tuple(
    end for kind, ends in _EXTENSIONS.items() if kind is not FileType.JPEG for end in ends
)
"""Of files that are no pictures."""


@dataclass(frozen=True, slots=True)
class FileToken:
    """What opens one file: its id, its key, and the first half of its content's SHA-256.

    Whoever holds it may refer to the file in a submission and read it; it is kept on the phone until then, and
    afterwards among the sealed answers only.
    """

    id: str
    key: bytes = field(repr=False)
    digest: bytes = field(repr=False)

    @property
    def text(self) -> str:
        """86 characters of base64url."""
        return encode_base64url(bytes.fromhex(self.id) + self.key + self.digest)


def read_token(text: object) -> FileToken | None:
    """A token from its text; None for anything else."""
    raw = decode_base64url(text) if isinstance(text, str) and len(text) < 100 else None
    if raw is None or len(raw) != FILE_ID_BYTES + KEY_BYTES + DIGEST_BYTES:
        return None
    return FileToken(raw[:FILE_ID_BYTES].hex(), raw[FILE_ID_BYTES:-DIGEST_BYTES], raw[-DIGEST_BYTES:])


# --- what a file is


_SIGNATURES: Final = (
    (b"\xff\xd8\xff", FileType.JPEG),
    (b"\x89PNG\r\n\x1a\n", FileType.PNG),
    (b"GIF87a", FileType.GIF),
    (b"GIF89a", FileType.GIF),
    (b"%PDF-", FileType.PDF),
    (b"PK\x03\x04", FileType.ZIP),
)
_BRANDS: Final = {
    **dict.fromkeys((b"avif", b"avis"), FileType.AVIF),
    **dict.fromkeys((b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1"), FileType.HEIC),
}
_MARKUP: Final = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:<|\{\\rtf)")
_CONTROLS: Final = bytes(set(range(32)) - set(b"\t\n\f\r")) + b"\x7f"


def sniff(head: bytes) -> FileType | None:
    """The type that the first HEAD_BYTES of a file say; None for what is refused whatever it is called.

    TEXT is a guess that `TextCheck` must bear out to the end. Text that a program would run or draw (HTML, SVG,
    RTF) is no plain text.
    """
    for signature, found in _SIGNATURES:
        if head.startswith(signature):
            return found
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return FileType.WEBP
    if head[4:8] == b"ftyp":
        brands = {_BRANDS.get(head[at : at + 4]) for at in (8, *range(16, min(len(head), 64), 4))}
        return next((kind for kind in (FileType.AVIF, FileType.HEIC) if kind in brands), None)
    if not head or _MARKUP.match(head) or not TextCheck().takes(head):
        return None
    return FileType.TEXT


class TextCheck:
    """Whether bytes that come piece by piece are plain text, in UTF-8 or GB 18030."""

    def __init__(self) -> None:
        self._decoders = [getincrementaldecoder(name)() for name in ("utf-8", "gb18030")]

    def takes(self, piece: bytes, *, is_last: bool = False) -> bool:
        """False from the piece on that no text has."""
        if len(piece.translate(None, _CONTROLS)) != len(piece):
            return False
        for decoder in tuple(self._decoders):
            try:
                decoder.decode(piece, is_last)
            except UnicodeDecodeError:
                self._decoders.remove(decoder)
        return bool(self._decoders)


def bytes_max(question: Question) -> int:
    """How large a file may be that answers a question."""
    return IMAGE_BYTES_MAX if question.type is QuestionType.IMAGE else FILE_BYTES_MAX


def side_pixels(question: Question) -> int:
    """The longer side of a stored picture, at most."""
    return min(question.max_pixels or SIDE_PIXELS_DEFAULT, SIDE_PIXELS_MAX)


# --- names

_UNNAMEABLE: Final = re.compile(
    r'[\x00-\x1f\x7f-\x9f\ud800-\udfff<>:"/\\|?*\u200e\u200f\u202a-\u202e\u2066-\u2069]+'
)


def file_name(given: str, kept: FileType) -> str:
    """The name under which a file is kept and goes home: the last part of the given one, with an ending of
    its type.

    Without what no file system takes, and without the marks that write an ending backwards (U+202E and its like).
    """
    last = given.replace("\\", "/").rpartition("/")[2]
    name = _UNNAMEABLE.sub("_", last).strip(" .")
    stem, dot, ending = name.rpartition(".")
    endings = _EXTENSIONS[kept]
    if dot and ending.lower() in endings:
        return f"{stem[:NAME_CHARACTERS_MAX] or 'file'}.{ending}"
    known = {end for ends in _EXTENSIONS.values() for end in ends} | {"png", "webp", "gif", "avif", "heic"}
    kept_part = stem if dot and ending.lower() in known else name
    return f"{kept_part[:NAME_CHARACTERS_MAX] or 'file'}.{endings[0]}"


def download_headers(name: str) -> list[tuple[str, str]]:
    """The headers of an answer that is a file: to be saved and never shown, by whatever browser.

    RFC 6266; the name in RFC 8187's way, with plain letters for who cannot read that.
    """
    plain = "".join(letter if letter.isascii() and letter not in '"\\%' else "_" for letter in name)
    return [
        ("content-type", "application/octet-stream"),
        ("content-disposition", f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"),
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "sandbox; default-src 'none'"),
        ("cross-origin-resource-policy", "same-origin"),
        ("cache-control", "private, no-store"),
    ]


def text_type(name: str) -> FileType:
    """Of plain text the given name decides whether it is a table; both are equally harmless."""
    return FileType.CSV if name.lower().endswith(".csv") else FileType.TEXT


# --- answers that are files: {"file": token, "name": text, "type": media type, "bytes": int}


def has_files(form: Form) -> bool:
    return any(question.type in FILES for _path, question in walk_questions(form.questions))


def read_flat(text: str) -> dict[str, Any]:
    """The inverse of `answers.write_flat_file`, without the type, for showing: what counts is read from the
    file.
    """
    token, _, rest = text.partition(" ")
    size, _, name = rest.partition(" ")
    return {"file": token, "name": name, "bytes": int(size) if size.isdecimal() and len(size) < 12 else 0}


def write_file(answer: Mapping[str, Any]) -> str:
    """A file for people: its name and its size."""
    return f"{answer.get('name', '')} ({size_text(answer.get('bytes', 0))})"


def size_text(size_bytes: int) -> str:
    """Whole kilobytes, megabytes with one digit."""
    if size_bytes < 1_000_000:
        return f"{max(1, round(size_bytes / 1000))} kB"
    return f"{size_bytes / 1_000_000:.1f} MB"


def map_files(
    questions: tuple[Question, ...],
    answers: Mapping[str, Any],
    change: Callable[[Path, Any], Any],
    prefix: str = "",
) -> dict[str, Any]:
    """The same answers with each answer to a file question replaced by `change(path, answer)`."""
    changed = dict(answers)
    for question in questions:
        value, path = answers.get(question.name), prefix + question.name
        if value is None:
            continue
        if question.type in FILES:
            changed[question.name] = change(path, value)
        elif question.questions and isinstance(value, Mapping):
            changed[question.name] = map_files(question.questions, value, change, f"{path}.")
        elif question.questions and isinstance(value, list):
            changed[question.name] = [
                map_files(question.questions, row, change, f"{path}.{index}.") if isinstance(row, Mapping) else row
                for index, row in enumerate(value)
            ]
    return changed


def files_in(form: Form, answers: Mapping[str, Any]) -> list[tuple[Path, dict[str, Any]]]:
    """The files among stored answers, by path."""
    found: list[tuple[Path, dict[str, Any]]] = []
    map_files(form.questions, answers, lambda path, value: found.append((path, value)))
    return [(path, value) for path, value in found if isinstance(value, dict) and value.get("file")]


def token_of(answer: object) -> FileToken | None:
    """The token in an answer, in whichever of its shapes: a file, its flat text, the token alone."""
    text = answer.get("file") if isinstance(answer, Mapping) else answer
    return read_token(text.partition(" ")[0]) if isinstance(text, str) else None


def by_content(form: Form, answers: Mapping[str, Any]) -> dict[str, Any]:
    """The answers with each file as the digest of its content: the same photo sent twice is the same answer."""

    def digest(_path: Path, answer: Any) -> Any:
        token = token_of(answer)
        return token.digest.hex() if token else answer

    return map_files(form.questions, answers, digest)


def without_files(form: Form, answers: Mapping[str, Any]) -> dict[str, Any]:
    """For the next registration: a file belongs to one registration only."""
    return map_files(form.questions, answers, lambda _path, _answer: None)


def hide_tokens(form: Form, answers: Mapping[str, Any]) -> dict[str, Any]:
    """The answers as a page shows them that others may glance at: a file by its id, which opens nothing."""

    def hide(_path: Path, answer: Any) -> Any:
        token = token_of(answer)
        return {**answer, "file": token.id} if token and isinstance(answer, Mapping) else answer

    return map_files(form.questions, answers, hide)


def restore_tokens(form: Form, given: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """What `hide_tokens` showed and a page sent back, as the files that stand in `own`; others stay as they are."""
    standing = {token.id: answer for _path, answer in files_in(form, own) if (token := token_of(answer))}

    def restore(_path: Path, answer: Any) -> Any:
        text = answer.get("file") if isinstance(answer, Mapping) else answer
        return standing.get(text.partition(" ")[0], answer) if isinstance(text, str) else answer

    return map_files(form.questions, given, restore)


def file_questions(form: Form) -> Iterator[tuple[Path, Question]]:
    """Every question that a file answers, by its path without row indices."""
    return ((path, question) for path, question in walk_questions(form.questions) if question.type in FILES)
