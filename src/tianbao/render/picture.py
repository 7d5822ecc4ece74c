"""A picture made anew: what came is decoded within limits, turned upright, made smaller and written as plain JPEG.

Only pixels pass, so nothing that hid in the file does: where it was taken, who took it, a second file behind it.
Used by the edge in a process of its own for each picture (`python -m tianbao.render.picture`): a decoder that runs
wild takes nothing with it. Must not know: whose picture it is, where it goes.
"""

from __future__ import annotations

import contextlib
import io
import sys
import warnings
from typing import Final

from PIL import Image, ImageOps

_FORMATS: Final = ("JPEG", "PNG", "WEBP", "GIF", "AVIF")
_QUALITY: Final = 85
_MEMORY_BYTES_MAX: Final = 1 << 30
_CPU_S_MAX: Final = 30
DAMAGED: Final = 3
"""The exit code for a picture that cannot be read."""


class Unreadable(Exception):
    """The picture is damaged, cut off, or larger than it may be."""


def make_picture(data: bytes, *, side_pixels: int, pixels_max: int) -> bytes:
    """A JPEG whose longer side has at most `side_pixels`; of moving pictures the first. Unreadable otherwise."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            Image.MAX_IMAGE_PIXELS = pixels_max
            with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
                if image.width * image.height > pixels_max:
                    raise Unreadable
                image.draft("RGB", (side_pixels, side_pixels))
                upright = ImageOps.exif_transpose(image)
                upright.thumbnail((side_pixels, side_pixels))
                flat = Image.new("RGB", upright.size, "white")  # a new one: nothing that came is remembered in it
                _paste(flat, upright)
    except Unreadable:
        raise
    except Exception as error:  # decoders fail in every way there is, on bytes that somebody chose
        raise Unreadable from error
    written = io.BytesIO()
    flat.save(written, "JPEG", quality=_QUALITY)
    return written.getvalue()


def _paste(flat: Image.Image, image: Image.Image) -> None:
    if image.mode.startswith("I"):  # 16 bits a pixel
        flat.paste(image.convert("I").point(lambda value: value / 256).convert("L"))
    elif image.has_transparency_data:
        seen = image.convert("RGBA")
        flat.paste(seen, mask=seen)
    else:
        flat.paste(image.convert("RGB"))


def _limit_process() -> None:
    """Where the system knows limits, the decoder's process has them."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES_MAX, _MEMORY_BYTES_MAX))
        resource.setrlimit(resource.RLIMIT_CPU, (_CPU_S_MAX, _CPU_S_MAX))


def main() -> int:
    """The picture on standard input to standard output; arguments: side_pixels, pixels_max."""
    _limit_process()
    side_pixels, pixels_max = map(int, sys.argv[1:])
    try:
        made = make_picture(sys.stdin.buffer.read(), side_pixels=side_pixels, pixels_max=pixels_max)
    except (Unreadable, MemoryError):
        return DAMAGED
    sys.stdout.buffer.write(made)
    return 0


if __name__ == "__main__":
    sys.exit(main())
