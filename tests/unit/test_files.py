"""What a file is by its content, under which name it is kept, and what of a picture stays."""

from __future__ import annotations

import io
import subprocess
import sys
from typing import Any

import pytest
from PIL import Image
from tests import file_samples as samples
from tests.page_samples import form_of

from tianbao.domain.files import (
    NAME_CHARACTERS_MAX,
    PIXELS_MAX,
    FileToken,
    FileType,
    TextCheck,
    by_content,
    download_headers,
    file_name,
    hide_tokens,
    read_token,
    restore_tokens,
    sniff,
    without_files,
)
from tianbao.domain.office_files import office_type
from tianbao.domain.problems import Code
from tianbao.render.picture import DAMAGED, Unreadable, make_picture

FORM = form_of(
    {"name": "name", "type": "text"},
    {"name": "photo", "type": "image"},
    {
        "name": "rows",
        "type": "repeat",
        "rows_max": 5,
        "questions": [{"name": "paper", "type": "file"}],
    },
)


def token(number: int, content: int = 1) -> FileToken:
    return FileToken(bytes([number] * 16).hex(), bytes([number] * 32), bytes([content] * 16))


def answers(first: FileToken, second: FileToken) -> dict[str, Any]:
    return {
        "name": "王秀英",
        "photo": {"file": first.text, "name": "a.jpg", "type": "image/jpeg", "bytes": 9},
        "rows": [{"paper": f"{second.text} 12 证明.pdf"}],
    }


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (samples.jpeg(), FileType.JPEG),
        (samples.png(), FileType.PNG),
        (samples.pdf(), FileType.PDF),
        (samples.docx(), FileType.ZIP),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", FileType.HEIC),
        (b"\0\0\0\x1cftypmif1\0\0\0\0avifmif1", FileType.AVIF),
        ("姓名,电话\n".encode(), FileType.TEXT),
        ("姓名,电话\n".encode("gb18030"), FileType.TEXT),
        (samples.pdf() + samples.HTML, FileType.PDF),
        (b"GIF89a" + samples.HTML, FileType.GIF),
        (samples.SVG, None),
        (b"\xef\xbb\xbf \n" + samples.HTML, None),
        (b"{\\rtf1 x}", None),
        (b"MZ\x90\0", None),
        (b"\x7fELF\x02", None),
        (b"\0\0\0\x18ftypmp42", None),
        (b"\xff\xfea\0", None),
        (b"", None),
    ],
)
def test_a_file_is_what_its_first_bytes_say(data: bytes, expected: FileType | None) -> None:
    assert sniff(data[:1024]) == expected


def test_text_is_text_to_the_end() -> None:
    letters = "姓名".encode()
    whole = TextCheck()
    assert whole.takes(letters[:2]) and whole.takes(letters[2:], is_last=True)
    assert not TextCheck().takes(letters[:1], is_last=True)
    assert not TextCheck().takes(b"plain\0")


def office(data: bytes) -> FileType | Code:
    return office_type(len(data), lambda offset, length: data[offset : offset + length])


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (samples.docx(), FileType.DOCX),
        (samples.odt(), FileType.ODT),
        (samples.docx(**{"word/vbaProject.bin": b"x"}), Code.FILE_MACROS),
        (samples.docx(**{"word/activeX/activeX1.xml": b"x"}), Code.FILE_MACROS),
        (samples.archive({"a.txt": b"x"}), Code.FILE_TYPE),
        (samples.archive({"META-INF/MANIFEST.MF": b"x", "A.class": b"x"}), Code.FILE_TYPE),
        (samples.archive({"[Content_Types].xml": b"\0" * 50_000_000}), Code.FILE_TYPE),
        (samples.docx()[:-9], Code.FILE_TYPE),
        (samples.docx() + samples.HTML, Code.FILE_TYPE),
        (samples.jpeg() + samples.docx(), Code.FILE_TYPE),
        (b"PK\x03\x04" + b"\0" * 100, Code.FILE_TYPE),
    ],
)
def test_an_archive_is_taken_only_as_a_document_without_macros(data: bytes, expected: object) -> None:
    assert office(data) == expected


@pytest.mark.parametrize(
    ("given", "kind", "expected"),
    [
        ("IMG_2041.HEIC", FileType.JPEG, "IMG_2041.jpg"),
        ("现场.JPG", FileType.JPEG, "现场.JPG"),
        ("/etc/passwd", FileType.TEXT, "passwd.txt"),
        ("C:\\temp\\表.xlsx", FileType.XLSX, "表.xlsx"),
        ("../../a.pdf", FileType.PDF, "a.pdf"),
        ("invoice\u202efdp.exe", FileType.PDF, "invoice_fdp.exe.pdf"),
        ("a\r\nb: c.pdf", FileType.PDF, "a_b_ c.pdf"),
        ("", FileType.PDF, "file.pdf"),
        (".pdf", FileType.PDF, "pdf.pdf"),
        ("a" * 500 + ".pdf", FileType.PDF, "a" * NAME_CHARACTERS_MAX + ".pdf"),
        ("page.html", FileType.TEXT, "page.html.txt"),
    ],
)
def test_a_name_is_safe_everywhere_and_ends_as_its_type(given: str, kind: FileType, expected: str) -> None:
    assert file_name(given, kind) == expected


def test_a_download_is_saved_and_never_shown() -> None:
    headers = dict(download_headers('证明"\\.pdf'))
    assert headers["content-type"] == "application/octet-stream"
    assert headers["content-disposition"] == (
        "attachment; filename=\"____.pdf\"; filename*=UTF-8''%E8%AF%81%E6%98%8E%22%5C.pdf"
    )
    assert headers["content-security-policy"].startswith("sandbox;")
    assert headers["x-content-type-options"] == "nosniff"


def test_a_token_is_read_back_or_is_none() -> None:
    assert read_token(token(1).text) == token(1)
    assert [read_token(text) for text in ("", "x", token(1).text + "A", 7, None)] == [None] * 5


def test_the_same_content_is_the_same_answer() -> None:
    once, again = answers(token(1), token(2)), answers(token(3), token(4))
    assert once != again and by_content(FORM, once) == by_content(FORM, again)
    assert by_content(FORM, once) != by_content(FORM, answers(token(1), token(2, content=5)))


def test_a_page_shows_no_key_and_its_files_come_back_whole() -> None:
    own = answers(token(1), token(2))
    shown = hide_tokens(FORM, own)
    assert token(1).text not in str(shown)
    given = {"photo": f"{token(1).id} 9 a.jpg", "rows": [{"paper": f"{token(9).text} 1 new.pdf"}]}
    restored = restore_tokens(FORM, given, own)
    assert restored["photo"] == own["photo"]
    assert restored["rows"] == given["rows"]
    assert without_files(FORM, own)["photo"] is None


# --- pictures


def made(data: bytes, side_pixels: int = 2_048) -> Image.Image:
    return Image.open(io.BytesIO(make_picture(data, side_pixels=side_pixels, pixels_max=PIXELS_MAX)))


def test_only_pixels_stay() -> None:
    data = samples.jpeg() + samples.docx() + samples.HTML
    written = make_picture(data, side_pixels=2_048, pixels_max=PIXELS_MAX)
    image = Image.open(io.BytesIO(written))
    assert (image.format, image.size, dict(image.getexif())) == ("JPEG", (80, 60), {})
    assert not any(
        part in written for part in (samples.GPS_PLACE, samples.CAMERA.encode(), b"PK\x03\x04", b"<script")
    )
    assert "comment" not in image.info


def test_a_picture_stands_upright() -> None:
    image = made(samples.jpeg(80, 60, orientation=6))
    assert image.size == (60, 80)
    red, blue = image.getpixel((30, 5)), image.getpixel((30, 75))
    assert red[0] > 200 > 60 > red[2] and blue[2] > 200 > 60 > blue[0]  # type: ignore[index]


def test_a_large_picture_is_made_smaller_and_a_small_one_stays() -> None:
    assert made(samples.jpeg(400, 100), side_pixels=200).size == (200, 50)
    assert made(samples.jpeg(80, 60), side_pixels=200).size == (80, 60)


def test_what_is_seen_through_becomes_white() -> None:
    assert made(samples.png(color=(0, 0, 0, 0))).getpixel((5, 5)) == (255, 255, 255)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "CMYK", "I;16"])
def test_every_kind_of_pixel_becomes_colour(mode: str) -> None:
    written = io.BytesIO()
    Image.new(mode, (8, 8)).save(written, "TIFF" if mode == "CMYK" else "PNG")
    data = written.getvalue()
    if mode == "CMYK":
        written = io.BytesIO()
        Image.new(mode, (8, 8)).save(written, "JPEG")
        data = written.getvalue()
    assert made(data).mode == "RGB"


@pytest.mark.parametrize(
    "data",
    [
        samples.bomb(),
        samples.jpeg()[:-200],
        samples.jpeg()[:20],
        samples.png()[:-30],
        samples.SVG,
        b"\x89PNG\r\n\x1a\n",
        b"",
    ],
)
def test_what_cannot_be_read_whole_is_refused(data: bytes) -> None:
    with pytest.raises(Unreadable):
        make_picture(data, side_pixels=2_048, pixels_max=PIXELS_MAX)


def test_the_decoder_works_in_a_process_of_its_own() -> None:
    def run(data: bytes) -> subprocess.CompletedProcess[bytes]:
        command = [sys.executable, "-m", "tianbao.render.picture", "50", "1000000"]
        return subprocess.run(command, input=data, capture_output=True, check=False, timeout=60)

    done = run(samples.jpeg())
    assert (done.returncode, Image.open(io.BytesIO(done.stdout)).size) == (0, (50, 38))
    assert (run(samples.bomb()).returncode, run(samples.bomb()).stdout) == (DAMAGED, b"")
