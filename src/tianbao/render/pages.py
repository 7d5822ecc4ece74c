"""What the registrants' pages share: templates, style and script inlined into one response, its security policy.

Below `form_page`, `receipt_page` and their siblings. Reads its own packaged files once; must not know: any
particular page.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import zlib
from collections.abc import Iterable, Mapping, Set
from functools import cache, lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import rcssmin
import rjsmin
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from tianbao.domain.forms import text_in
from tianbao.domain.sites import Installation
from tianbao.render.shorten import keep_used, shorten
from tianbao.texts import Translator

LANGUAGE_NAMES: Final = {"zh-Hans": "中文", "en": "English"}
"""Each language's own name; a language without one shows its tag."""

SCRIPTS_MAX: Final = 256
"""Minified scripts that are remembered, one for each combination of features."""

_HERE = Path(__file__).parent
_BETWEEN_LINES = re.compile(r">\s*\n\s*<")
_GZIP: Final = 16 + zlib.MAX_WBITS
_BLOCK_MAX: Final = 9
"""zlib's memLevel: as long a block as there can be, so that only our borders part them."""
_BORDERS = (re.compile(r"<main>"), re.compile(r"(?=const PLAN=)"), re.compile(r"const PLAN=.*?;(?=const)"))
_TAG = re.compile(r"<(?=[a-zA-Z/!?])")
_INLINE = re.compile(r"<(script|style)>(.*?)</\1>", re.DOTALL)


@cache
def environment() -> Environment:
    """The templates, autoescaped; a name that a page forgot to give is an error."""
    jinja = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    jinja.filters["text_in"] = text_in
    return jinja


@cache
def style(*names: str) -> Markup:
    """Style sheets of `page/`, one after the other, minified."""
    return Markup(rcssmin.cssmin("".join(_read(name) for name in names)))  # noqa: S704 - our own files


def _read(name: str) -> str:
    return (_HERE / "page" / name).read_text("utf-8")


@lru_cache(SCRIPTS_MAX)
def _minified(names: tuple[str, ...], used: Set[str]) -> str:
    return shorten(rjsmin.jsmin("".join(keep_used(_read(name), used) for name in names)))


def script(*names: str, constants: Mapping[str, Any] | None = None, used: Set[str] = frozenset()) -> Markup:
    """Scripts of `page/` in one scope of their own, minified; `constants` stand before them as JSON.

    `used` are the names of those parts of them that this page needs.
    """
    given = "".join(f"const {name}={script_json(value)};" for name, value in (constants or {}).items())
    return Markup(f"(()=>{{{given}{_minified(names, used)}}})()")  # noqa: S704 - our own files


def script_json(value: Any) -> str:
    """JSON that may stand in a script: nothing in it ends the script or begins a comment or another."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return _TAG.sub("\\\\u003c", text).replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def queue_texts(_: Translator) -> dict[str, str]:
    """The words of page/queue.js."""
    return {
        "sending": _("Sending…"),
        "unsent": _("Not sent yet. Kept on this phone."),
        "unkept": _("Not sent yet. Please keep this page open."),
        "again": _("Trying again in {s} s"),
        "sent": _("Sent. Open the receipt"),
        "refused": _("A registration on this phone needs a correction. Open it"),
    }


def queue_script(_: Translator) -> Markup:
    """For a page without a form that includes `queue.html.j2`: it sends what an earlier visit left unsent."""
    return script("type.js", "dom.js", "store.js", "queue.js", constants={"T": queue_texts(_)})


def work_script() -> str:
    """What a page fetches when its site is in a flood."""
    return str(script("work.js"))


def render_page(
    template: str,
    *,
    installation: Installation | None,
    language: str,
    _: Translator,
    languages: Iterable[str] = tuple(LANGUAGE_NAMES),
    styles: tuple[str, ...] = ("page.css",),
    scripts: Markup | None = None,
    kept: str = "",
    **context: Any,
) -> str:
    """A page from its template (which extends `base.html.j2`), without the white space between its lines.

    `kept` is what of its query another language has too: `new=1&`.
    """
    html = (
        environment()
        .get_template(template)
        .render(
            installation=installation,
            language=language,
            languages=[(tag, LANGUAGE_NAMES.get(tag, tag)) for tag in languages],
            _=_,
            style=style(*styles),
            script=script("type.js") if scripts is None else scripts,
            kept=kept,
            **context,
        )
    )
    return _BETWEEN_LINES.sub("><", html)


def render_part(template: str, macro: str, *given: Any) -> Markup:
    """A part of a page from a macro, without the white space between its lines."""
    part = getattr(_macros(template), macro)(*given)
    return Markup(_BETWEEN_LINES.sub("><", part.strip()))  # noqa: S704 - the macro has escaped it


@cache
def _macros(template: str) -> Any:
    return environment().get_template(template).module


def gzip_page(html: str) -> bytes:
    """A page for browsers that take no brotli, as small as zlib makes it.

    Deflate describes what follows by how often each letter comes: style, text, data and script are described apart,
    which saves 3 % (383 of 14,430 bytes of the shelter's page).
    """
    packer = zlib.compressobj(9, zlib.DEFLATED, _GZIP, _BLOCK_MAX)
    cuts = [0, *sorted(match.end() for pattern in _BORDERS for match in pattern.finditer(html)), len(html)]
    parts = (html[begin:end].encode() for begin, end in pairwise(cuts))
    packed = [packer.compress(part) + packer.flush(zlib.Z_BLOCK) for part in parts]
    return b"".join(packed) + packer.flush()


def page_csp(html: str) -> str:
    """The Content-Security-Policy of a page: its own inline script and style by their hashes, and nothing else.

    A page that asks for files fetches a script (render.files_script) from here, and one that sends another
    (page/work.js), where nothing else is one: what somebody sent is only ever given back as
    `application/octet-stream` with `nosniff`.
    """
    hashes: dict[str, list[str]] = {"script": [], "style": []}
    for kind, content in _INLINE.findall(html):
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        hashes[kind].append(f"'sha256-{digest}'")
    if "<script src=" in html or 'id="_state"' in html:
        hashes["script"].append("'self'")
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {' '.join(hashes['script']) or chr(39) + 'none' + chr(39)}",
            f"style-src {' '.join(hashes['style']) or chr(39) + 'none' + chr(39)}",
            "connect-src 'self'",
            "img-src 'self' data:",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    )
