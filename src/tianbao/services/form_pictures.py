"""The pictures that came with a form: made anew like everybody's, kept under names that say what is in them.

Called where a form comes in from a file. Must not know: where the file came from, how pictures are shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tianbao.domain.form_pictures import named_pictures, picture_name, rename_pictures
from tianbao.domain.forms import Form
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
            made = data if is_own else make_picture(data, side_pixels=SIDE_PIXELS, pixels_max=PIXELS_MAX)
        except Unreadable:
            continue
        kept[name] = picture_name(made)
        FormPicture.objects.get_or_create(name=kept[name], defaults={"data": made})
    return rename_pictures(form, lambda name: kept.get(name, name)) if kept else form


def find_pictures(form: Form) -> dict[str, bytes]:
    """The pictures that a form names and that are kept, by name."""
    return {row.name: bytes(row.data) for row in FormPicture.objects.filter(name__in=set(named_pictures(form)))}
