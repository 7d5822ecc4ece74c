"""Collects the program's texts, merges them into the catalogue, compiles it.

python scripts/messages.py                collect, merge, compile
python scripts/messages.py --check        fail if a text is missing, untranslated or not compiled
python scripts/messages.py --from F.json  also take translations from {"msgid": "translation"} files
"""

from __future__ import annotations

import argparse
import io
import json
import sys
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "tianbao"
PO = SOURCE / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"
DAY = datetime(2020, 2, 1, tzinfo=UTC)  # one date for ever, so that the files change only with their texts
KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
}


def collect() -> Catalog:
    """Every text in Python code, Django templates and Jinja templates."""
    from django.conf import settings
    from django.utils.translation.template import templatize

    if not settings.configured:
        settings.configure()
    catalog = Catalog(
        locale="zh_Hans", domain="django", project="tianbao", fuzzy=False, creation_date=DAY, revision_date=DAY
    )
    for path in sorted(SOURCE.rglob("*")):
        place = path.relative_to(SOURCE).as_posix()
        if path.suffix == ".py" and "migrations" not in path.parts:
            method, file = "python", io.BytesIO(path.read_bytes())
        elif path.suffix == ".j2":
            method, file = "jinja2", io.BytesIO(path.read_bytes())
        elif path.suffix == ".html":
            method, file = "python", io.BytesIO(templatize(path.read_text("utf-8"), origin=place).encode())
        else:
            continue
        for _, message, comments, context in extract(method, file, keywords=KEYWORDS):
            catalog.add(message, locations=[(place, 0)], auto_comments=comments, context=context)
    return catalog


def merge(translations: dict[str, str]) -> Catalog:
    """The collected texts with the translations they have; texts that are gone are dropped."""
    catalog = collect()
    known = read_po(PO.open("rb")) if PO.exists() else Catalog()
    for message in catalog:
        if not message.id:
            continue
        before = known.get(message.id, message.context)
        singular = message.id if isinstance(message.id, str) else message.id[0]
        if before is not None and before.string and any(before.string):
            message.string = before.string
        if singular in translations and not (message.string and any(message.string)):
            given = translations[singular]
            message.string = given if isinstance(message.id, str) else (given,)
    return catalog


def rendered(catalog: Catalog) -> tuple[bytes, bytes]:
    """(.po, .mo)"""
    po, mo = io.BytesIO(), io.BytesIO()
    write_po(po, catalog, width=110, sort_output=True, include_lineno=False, ignore_obsolete=True)
    write_mo(mo, catalog)
    return po.getvalue(), mo.getvalue()


def texts_of(catalog: Catalog) -> dict[object, object]:
    return {(m.context, m.id): m.string for m in catalog if m.id}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--from", dest="sources", nargs="*", type=Path, default=[])
    arguments = parser.parse_args()
    translations = {k: v for source in arguments.sources for k, v in json.loads(source.read_text("utf-8")).items()}
    catalog = merge(translations)
    missing = [str(m.id) for m in catalog if m.id and not (m.string and any(m.string))]
    for text in missing:
        print("not translated:", text)
    if arguments.check:
        standing = read_po(PO.open("rb"))
        compiled = PO.with_suffix(".mo").read_bytes()
        is_stale = texts_of(standing) != texts_of(catalog) or compiled != rendered(read_po(PO.open("rb")))[1]
        if is_stale:
            print("the catalogue is stale: make messages")
        return 1 if missing or is_stale else 0
    PO.parent.mkdir(parents=True, exist_ok=True)
    po, _ = rendered(catalog)
    PO.write_bytes(po)
    PO.with_suffix(".mo").write_bytes(rendered(read_po(io.BytesIO(po)))[1])

    return 0


if __name__ == "__main__":
    sys.exit(main())
