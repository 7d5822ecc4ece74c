"""The one search of this console process, over the keyring's opened names."""

from __future__ import annotations

from typing import Final

from tianbao.console.keyring import KEYRING
from tianbao.services.search import Search

SEARCH: Final = Search(KEYRING)
