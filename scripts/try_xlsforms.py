"""Imports every spreadsheet of a folder of XLSForms: file → imported, or refused with which reasons.

    .venv/bin/python scripts/try_xlsforms.py FOLDER [--markdown] [--page]

Files that pyxform itself takes for no valid form are left aside (`--all` keeps them). `--page` renders each
imported form in each of its languages. Sub-folders are the repositories the files come from, named OWNER+NAME.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import sys
from collections import Counter
from pathlib import Path

from pyxform.xls2xform import convert

from tianbao.domain.form_problems import FormProblem
from tianbao.domain.forms import Form
from tianbao.render.form_messages import form_message
from tianbao.texts import translator
from tianbao.xlsform import open_form, read_form

SUFFIXES = {".xls", ".xlsx", ".csv", ".md"}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--all", action="store_true", help="also what pyxform refuses")
    parser.add_argument("--markdown", action="store_true", help="a table for the documentation")
    parser.add_argument("--page", action="store_true", help="render what was imported")
    arguments = parser.parse_args()
    files = sorted(file for file in arguments.folder.rglob("*") if file.suffix.lower() in SUFFIXES)
    reasons: Counter[str] = Counter()
    imported = tried = 0
    for file in files:
        if not arguments.all and not is_valid(file):
            continue
        tried += 1
        understood = read_form(open_form(file))
        name = str(file.relative_to(arguments.folder)).replace("+", "/", 1)
        outcome = refusal(understood.problems)
        reasons.update({problem.code.value for problem in understood.problems})
        if understood.form and arguments.page:
            outcome = page_of(understood.form)
        imported += not outcome
        shown = outcome or "imported"
        print(f"| {name} | {shown} |" if arguments.markdown else f"{name}\t{shown}")
    print(f"{imported} of {tried} imported ({imported / max(tried, 1):.1%})", file=sys.stderr)
    for code, count in reasons.most_common():
        print(f"{count:5} {code}", file=sys.stderr)
    return 0


def is_valid(file: Path) -> bool:
    """Whether pyxform makes an XForm of it."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        try:
            convert(file)
        except Exception:
            return False
    return True


def refusal(problems: tuple[FormProblem, ...]) -> str:
    """The first reasons in words, each once."""
    sentences = dict.fromkeys(form_message(problem, translator("en")) for problem in problems)
    first = list(sentences)[:3]
    more = f" (and {len(sentences) - 3} more)" if len(sentences) > 3 else ""
    return " ".join(first).replace("\n", " ").replace("|", "\\|") + more


def page_of(form: Form) -> str:
    """What goes wrong when the form's page is made; empty where nothing does."""
    from tests.page_samples import page

    try:
        for language in form.languages:
            page(language, form=form)
    except Exception as error:
        return f"does not render: {type(error).__name__}: {error}"
    return ""


if __name__ == "__main__":
    sys.exit(main())
