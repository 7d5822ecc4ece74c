"""Writing down what staff did, in the act's own transaction. Must not know: identities (a detail holds none)."""

from __future__ import annotations

from tianbao.store.models import Act, Staff


def record_act(
    *, at_ms: int, staff: Staff | None, verb: str, subject: str = "", detail: dict[str, object] | None = None
) -> None:
    """One line of the log. Call it inside the transaction of what it tells about."""
    Act.objects.create(at_ms=at_ms, staff=staff, verb=verb, subject=subject, detail=detail or {})
