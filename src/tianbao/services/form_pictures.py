"""The pictures of a form: made anew like everybody's, kept under names that say what is in them.

Called where a form comes in from a file, and where somebody adds a picture in the designer. Must not know: where
the file came from, how pictures are shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tianbao.domain.files import IMAGE_BYTES_MAX, IMAGES, sniff
from tianbao.domain.form_pictures import named_pictures, picture_name, rename_pictures
from tianbao.domain.forms import Form
from tianbao.domain.problems import Code, refuse
from tianbao.render.picture import Unreadable, make_picture
from tianbao.store.models import FormPicture

SIDE_PIXELS: Final = 720
"""Of the longer side: a phone's width at two pixels a point."""
PIXELS_MAX: Final = 40_000_000


def keep_pictures(form: Form, pictures: Mapping[str, bytes]) -> Form:
    """The form, naming its pictures as they are kept now; one that cannot be read keeps the name of its file."""
    kept = {}
    for name, data in pictures.items():
        try:
            is_own = picture_name(data) == name  # it comes back from an export
            kept[name] = _keep(data if is_own else _made(data))
        except Unreadable:
            continue
    return rename_pictures(form, lambda name: kept.get(name, name)) if kept else form


def keep_picture(data: bytes) -> str:
    """The name of a picture that somebody chose, kept from now on. Raises Refused, about `image`."""
    if not data:
        raise refuse(Code.FILE_EMPTY, "image")
    if len(data) > IMAGE_BYTES_MAX:
        raise refuse(Code.FILE_TOO_LARGE, "image", megabytes_max=IMAGE_BYTES_MAX // 1_048_576)
    try:
        return _keep(_made(data))
    except Unreadable:
        raise refuse(Code.IMAGE_DAMAGED if sniff(data) in IMAGES else Code.IMAGE_TYPE, "image") from None


def find_pictures(form: Form) -> dict[str, bytes]:
    """The pictures that a form names and that are kept, by name."""
    return {row.name: bytes(row.data) for row in FormPicture.objects.filter(name__in=set(named_pictures(form)))}


def _made(data: bytes) -> bytes:
    return make_picture(data, side_pixels=SIDE_PIXELS, pixels_max=PIXELS_MAX)


def _keep(made: bytes) -> str:
    name = picture_name(made)
    FormPicture.objects.get_or_create(name=name, defaults={"data": made})
    return name
