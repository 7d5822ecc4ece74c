"""Imports every spreadsheet of a folder of XLSForms: file → imported, or refused with which reasons.

    PYTHONPATH=. .venv/bin/python scripts/try_xlsforms.py FOLDER [--markdown] [--page] [--whole-way]

Files that pyxform itself takes for no valid form are left aside (`--all` keeps them). What was imported is written
and read again, and must be the same. `--page` renders it in each of its languages; `--whole-way` fills it in at
random in a browser, submits it and takes it home (whole_way.py). Sub-folders are the repositories the files come
from, named OWNER+NAME (collect_xlsforms.py).
"""

from __future__ import annotations

import argparse
import contextlib
import io
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from pyxform.xls2xform import convert
from whole_way import WholeWay

from tianbao.domain.form_problems import FormProblem
from tianbao.domain.forms import Form
from tianbao.render.form_messages import form_message
from tianbao.services.form_files import WRITERS
from tianbao.texts import translator
from tianbao.xlsform import given_bytes, open_form, read_form

SUFFIXES = {".xls", ".xlsx", ".csv", ".md"}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--all", action="store_true", help="also what pyxform refuses")
    parser.add_argument("--markdown", action="store_true", help="a table for the documentation")
    parser.add_argument("--page", action="store_true", help="render what was imported")
    parser.add_argument("--whole-way", action="store_true", help="fill in, submit and export what was imported")
    parser.add_argument("--only", default="", help="files whose path has this in it")
    parser.add_argument("--from", type=int, default=0, dest="first", help="number of the first file, from 0")
    parser.add_argument("--count", type=int, help="how many files")
    parser.add_argument("--pictures", type=Path, help="a folder for screenshots of the whole way")
    arguments = parser.parse_args()
    files = sorted(
        file
        for file in arguments.folder.rglob("*")
        if file.suffix.lower() in SUFFIXES and arguments.only in str(file)
    )
    files = [file for file in files if arguments.all or is_valid(file)]
    files = files[arguments.first :][: arguments.count]
    tally = Tally()
    with WholeWay() if arguments.whole_way else contextlib.nullcontext() as way:
        for file in files:
            name = str(file.relative_to(arguments.folder)).replace("+", "/", 1)
            understood = read_form(open_form(file))
            outcome = refusal(understood.problems)
            tally.reasons.update({problem.code.value for problem in understood.problems})
            if form := understood.form:
                tally.imported += 1
                outcome = not_the_same(form)
                if not outcome and arguments.page:
                    outcome = page_of(form)
                if not outcome and way:
                    outcome = way.go(form, name, picture(arguments.pictures, name))
                tally.failed += bool(outcome)
            shown = outcome or "imported"
            print(f"| {name} | {shown} |" if arguments.markdown else f"{name}\t{shown}", flush=True)
    tally.say(len(files))
    return 1 if tally.failed else 0


@dataclass
class Tally:
    """`failed` are those that were imported and then did not go the way they should."""

    imported: int = 0
    failed: int = 0
    reasons: Counter[str] = field(default_factory=Counter)

    def say(self, tried: int) -> None:
        share = self.imported / max(tried, 1)
        print(f"{self.imported} of {tried} imported ({share:.1%}), {self.failed} of them failed", file=sys.stderr)
        for code, count in self.reasons.most_common():
            print(f"{count:5} {code}", file=sys.stderr)


def picture(folder: Path | None, name: str) -> Path | None:
    if folder is None:
        return None
    folder.mkdir(exist_ok=True)
    return folder / f"{name.replace('/', '_')}.png"


def not_the_same(form: Form) -> str:
    """What differs after a form was written and read again; empty where nothing does."""
    for suffix, write in WRITERS.items():
        again = read_form(given_bytes(write(form), f"form{suffix}"))
        if again.form != form:
            return f"comes back changed from {suffix}: {refusal(again.problems)}"
    return ""


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
