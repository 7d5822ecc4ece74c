"""Where a request came from, as the server in front says it. Must not know: what that is good for."""

from __future__ import annotations

from django.http import HttpRequest


def network_address_of(request: HttpRequest) -> str:
    """An IP address; empty where there is none."""
    return str(request.META.get("REMOTE_ADDR", ""))[:64]
