"""`/places`: what the page's place picker loads, only when somebody picks a place.

Suggestions for what was typed, and a province's tree at a time, compressed once. Must not know: forms.
"""

from __future__ import annotations

import asyncio
from functools import lru_cache
from typing import Final

import brotli
import msgspec

from tianbao.domain.places import Gazetteer, province_tree
from tianbao.domain.problems import Code, refuse
from tianbao.edge.http import Request, Response

TYPED_MAX: Final = 60
SUGGESTIONS_MAX: Final = 12
_CACHE: Final = [("cache-control", "public, max-age=86400")]


class PlacesApi:
    """The handlers of /places."""

    def __init__(self, places: Gazetteer) -> None:
        self._places = places
        self._trees: dict[str, tuple[bytes, bytes]] = {}
        self._suggest = lru_cache(4_096)(self._find)

    def get_suggestions(self, request: Request) -> Response:
        """`/places?q=bdsp`: `[{"code", "name", "full"}]`, best first."""
        body = self._suggest(request.query.get("q", "")[:TYPED_MAX])
        return Response(200, body, "application/json", [*_CACHE])

    async def get_tree(self, request: Request, province: str) -> Response:
        """`/places/13`: a province's cities, counties and townships; `/places/provinces`: the provinces."""
        if province not in self._trees:
            if province == "provinces":
                tree: object = [{"code": place.code, "name": place.name} for place in self._places.children("")]
            elif self._places.place(province + "0000") or self._places.place(province):
                tree = await asyncio.to_thread(province_tree, self._places, province)
            else:
                raise refuse(Code.NOT_FOUND)
            plain = msgspec.json.encode(tree)
            self._trees[province] = plain, await asyncio.to_thread(brotli.compress, plain, quality=9)
        plain, small = self._trees[province]
        headers = [*_CACHE, ("vary", "accept-encoding")]
        if "br" in request.header(b"accept-encoding"):
            return Response(200, small, "application/json", [*headers, ("content-encoding", "br")])
        return Response(200, plain, "application/json", headers)

    def _find(self, typed: str) -> bytes:
        found = self._places.suggest(typed, SUGGESTIONS_MAX) if typed.strip() else []
        return msgspec.json.encode(
            [
                {"code": place.code, "name": place.name, "full": self._places.full_name(place.code)}
                for place in found
            ]
        )
