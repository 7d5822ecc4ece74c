"""`/M/{NAME}`: a picture of a form's label or choice. Its name says what is in it, so it is asked for once.

Must not know: which form shows it.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import Final

from tianbao.domain.problems import Code, refuse
from tianbao.edge.catalogue import CatalogueReader
from tianbao.edge.http import Response

REMEMBERED_MAX: Final = 64
"""Pictures that are held in memory, of some 50 kB each."""
_CACHE: Final = [("cache-control", "public, max-age=31536000, immutable"), ("x-content-type-options", "nosniff")]


class FormPictures:
    """The handler of /M."""

    def __init__(self, reader: CatalogueReader) -> None:
        self._reader = reader
        self._reading = asyncio.Lock()
        self._remembered: OrderedDict[str, bytes] = OrderedDict()

    async def get(self, name: str) -> Response:
        data = self._remembered.get(name)
        if data is None:
            async with self._reading:
                data = await asyncio.to_thread(self._reader.find_picture, name)
            if data is None:
                raise refuse(Code.NOT_FOUND)
            self._remembered[name] = data
            if len(self._remembered) > REMEMBERED_MAX:
                self._remembered.popitem(last=False)
        return Response(200, data, "image/jpeg", [*_CACHE])

    def close(self) -> None:
        self._reader.close()
