"""The sites into which unusually much comes: staff read it in words. Must not know: how the edge keeps it out."""

from __future__ import annotations

from tianbao.config import read_config
from tianbao.store.flood_notes import read_notes
from tianbao.store.models import Site


def find_flooded_sites(*, now_ms: int) -> list[str]:
    """Their names, in order."""
    codes = read_notes(read_config().data, now_ms=now_ms)
    return (
        list(Site.objects.filter(code__in=codes).order_by("name").values_list("name", flat=True)) if codes else []
    )
