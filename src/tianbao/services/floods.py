"""The sites into which unusually much comes: staff read it in words. Must not know: how the edge keeps it out."""

from __future__ import annotations

from tianbao.config import read_config
from tianbao.domain.access import Reach
from tianbao.services.access import reachable_sites
from tianbao.store.flood_notes import read_notes


def find_flooded_sites(*, reach: Reach, now_ms: int) -> list[str]:
    """Their names within `reach`, in order."""
    codes = read_notes(read_config().data, now_ms=now_ms)
    if not codes:
        return []
    return list(reachable_sites(reach).filter(code__in=codes).order_by("name").values_list("name", flat=True))
