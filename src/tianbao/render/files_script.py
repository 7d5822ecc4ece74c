"""The script with which files are chosen and sent, fetched by the pages that ask for files.

Must not know: which form asks, where files go.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache

from tianbao.domain.files import FILE_BYTES_MAX, IMAGE_BYTES_MAX, SIDE_PIXELS_DEFAULT
from tianbao.domain.problems import Code, Problem
from tianbao.render.messages import message
from tianbao.render.pages import script
from tianbao.texts import translator


@lru_cache
def files_script(language: str) -> str:
    """The script with its words in one language."""
    _ = translator(language)
    texts = {
        "sending": _("Sending…"),
        "waiting": _("Not sent yet."),
        "arrived": _("Sent."),
        "retry": _("Try again"),
        "remove": _("Remove"),
        "gone": message(Problem(Code.NOT_A_FILE), _, "{question}"),
        "large": message(Problem(Code.FILE_TOO_LARGE, parameters={"megabytes_max": "{mb}"}), _, "{question}"),
        "megabytes": [IMAGE_BYTES_MAX >> 20, FILE_BYTES_MAX >> 20],
        "side": SIDE_PIXELS_DEFAULT,
    }
    return str(script("files.js", constants={"T": texts}))


def files_url(language: str) -> str:
    """Where it is fetched; another script has another address, so that phones may keep it."""
    digest = hashlib.sha256(files_script(language).encode()).hexdigest()[:10]
    return f"/files.js?lang={language}&v={digest}"
