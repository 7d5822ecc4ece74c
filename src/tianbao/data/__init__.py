"""What Tianbao carries with it, read from the installed package: the only I/O for it, outside the domain."""

from __future__ import annotations

from importlib.resources import files


def read_divisions() -> bytes:
    """The bundled divisions as `domain.places.Gazetteer.from_bytes` takes them."""
    return files(__name__).joinpath("divisions", "divisions.txt.xz").read_bytes()
