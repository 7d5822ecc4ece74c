"""Files as people choose them, and as nobody should: made here, so that none lies in the repository."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

from PIL import Image

GPS_PLACE = b"115.13E"
CAMERA = "Pocket 78 of Wang Xiuying"


def jpeg(width: int = 80, height: int = 60, *, orientation: int = 1) -> bytes:
    """A photo: left half red, right half blue, with a camera's name, a comment and an orientation in it."""
    image = Image.new("RGB", (width, height), "red")
    image.paste("blue", (width // 2, 0, width, height))
    exif = Image.Exif()
    exif[0x0110], exif[0x0112] = CAMERA, orientation
    exif.get_ifd(0x8825)[1] = "N"
    return _saved(image, "JPEG", exif=exif, comment=GPS_PLACE)


def png(width: int = 40, height: int = 40, color: tuple[int, ...] = (0, 0, 0, 0)) -> bytes:
    return _saved(Image.new("RGBA", (width, height), color), "PNG")


def _saved(image: Image.Image, kind: str, **more: object) -> bytes:
    written = io.BytesIO()
    image.save(written, kind, **more)
    return written.getvalue()


def bomb(side: int = 30_000) -> bytes:
    """A PNG of some hundred bytes that says it is `side` pixels wide and high."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(b"\0" * 100))
        + chunk(b"IEND", b"")
    )


def pdf(size: int = 400) -> bytes:
    return b"%PDF-1.4\n" + b"1 0 obj<</Type/Catalog>>endobj\n".ljust(max(size, 60) - 15) + b"%%EOF\n"


def docx(**members: bytes) -> bytes:
    """A Word document; further members by their names with `__` for `/`."""
    types = (
        b'<Types><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.'
        b'wordprocessingml.document.main+xml"/></Types>'
    )
    return archive({"[Content_Types].xml": types, "word/document.xml": b"<w/>", **members})


def odt() -> bytes:
    return archive({"mimetype": b"application/vnd.oasis.opendocument.text", "content.xml": b"<o/>"}, packs=False)


def archive(members: dict[str, bytes], *, packs: bool = True) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED if packs else zipfile.ZIP_STORED) as file:
        for name, data in members.items():
            file.writestr(name, data)
    return written.getvalue()


SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!doctype html><script>alert(1)</script>"
