"""The pictures of a form: made anew like everybody's, kept under names that say what is in them.

Called where a form comes in from a file, and where somebody adds a picture in the designer; the jobs process
removes what no form names any more. Must not know: where the file came from, how pictures are shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.db import transaction

from tianbao.domain.files import IMAGE_BYTES_MAX, IMAGES, sniff
from tianbao.domain.form_pictures import named_pictures, picture_name, rename_pictures, unnamed_pictures
from tianbao.domain.forms import Form, load_form
from tianbao.domain.problems import Code, refuse
from tianbao.render.picture import Unreadable, make_picture
from tianbao.store.models import FormDraft, FormPicture, FormVersion

SIDE_PIXELS: Final = 720
"""Of the longer side: a phone's width at two pixels a point."""
PIXELS_MAX: Final = 40_000_000


def keep_pictures(form: Form, pictures: Mapping[str, bytes], *, now_ms: int) -> Form:
    """The form, naming its pictures as they are kept now; one that cannot be read keeps the name of its file."""
    kept = {}
    for name, data in pictures.items():
        try:
            is_own = picture_name(data) == name  # it comes back from an export
            kept[name] = _keep(data if is_own else _made(data), now_ms)
        except Unreadable:
            continue
    return rename_pictures(form, lambda name: kept.get(name, name)) if kept else form


def keep_picture(data: bytes, *, now_ms: int) -> str:
    """The name of a picture that somebody chose, kept from now on. Raises Refused, about `image`."""
    if not data:
        raise refuse(Code.FILE_EMPTY, "image")
    if len(data) > IMAGE_BYTES_MAX:
        raise refuse(Code.FILE_TOO_LARGE, "image", megabytes_max=IMAGE_BYTES_MAX // 1_048_576)
    try:
        return _keep(_made(data), now_ms)
    except Unreadable:
        raise refuse(Code.IMAGE_DAMAGED if sniff(data) in IMAGES else Code.IMAGE_TYPE, "image") from None


def find_pictures(form: Form) -> dict[str, bytes]:
    """The pictures that a form names and that are kept, by name."""
    return {row.name: bytes(row.data) for row in FormPicture.objects.filter(name__in=set(named_pictures(form)))}


def sweep_pictures(*, now_ms: int) -> int:
    """Removes the pictures that neither a draft nor a version names, once undo is past; how many."""
    with transaction.atomic():
        kept_ms = dict(FormPicture.objects.values_list("name", "kept_ms"))
        if not unnamed_pictures(kept_ms, set(), now_ms=now_ms):
            return 0
        named: set[str] = set()
        for forms in (FormDraft, FormVersion):
            for definition in forms.objects.values_list("definition", flat=True).iterator():
                named.update(named_pictures(load_form(definition)))
        gone = unnamed_pictures(kept_ms, named, now_ms=now_ms)
        return FormPicture.objects.filter(name__in=gone).delete()[0]


def _made(data: bytes) -> bytes:
    return make_picture(data, side_pixels=SIDE_PIXELS, pixels_max=PIXELS_MAX)


def _keep(made: bytes, now_ms: int) -> str:
    name = picture_name(made)
    kept = {"kept_ms": now_ms}
    FormPicture.objects.update_or_create(name=name, defaults=kept, create_defaults={**kept, "data": made})
    return name
