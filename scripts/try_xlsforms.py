"""Imports every spreadsheet of a folder of XLSForms: file → imported, or refused with which reasons.

    PYTHONPATH=. .venv/bin/python scripts/try_xlsforms.py FOLDER [--page] [--whole-way] [--write PAGE.md]

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
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from pyxform.xls2xform import convert
from whole_way import WholeWay

from tianbao.domain.form_problems import FormProblem
from tianbao.domain.forms import Form, walk_questions
from tianbao.render.form_messages import form_message
from tianbao.services.form_files import WRITERS
from tianbao.texts import translator
from tianbao.xlsform import given_bytes, open_form, read_form

SUFFIXES = {".xls", ".xlsx", ".csv", ".md"}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--all", action="store_true", help="also what pyxform refuses")
    parser.add_argument("--page", action="store_true", help="render what was imported")
    parser.add_argument("--whole-way", action="store_true", help="fill in, submit and export what was imported")
    parser.add_argument("--only", default="", help="files whose path has this in it")
    parser.add_argument("--pictures", type=Path, help="a folder for screenshots of the whole way")
    parser.add_argument("--write", type=Path, help="write the table as a page of the documentation")
    arguments = parser.parse_args()
    files = sorted(file for file in arguments.folder.rglob("*") if file.suffix.lower() in SUFFIXES)
    files = [file for file in files if arguments.only in str(file) and (arguments.all or is_valid(file))]
    tried = []
    with WholeWay() if arguments.whole_way else contextlib.nullcontext() as way:
        for file in files:
            name = str(file.relative_to(arguments.folder)).replace("+", "/", 1)
            understood = read_form(open_form(file))
            failure = ""
            if form := understood.form:
                failure = not_the_same(form) or not_for_others(form)
                if not failure and arguments.page:
                    failure = page_of(form)
                if not failure and way:
                    failure = way.go(form, name, picture(arguments.pictures, name))
            tried.append(Tried(name, understood.problems, failure))
            print(f"{name}\t{tried[-1].outcome}", flush=True)
    print(summary(tried), file=sys.stderr)
    if arguments.write:
        arguments.write.write_text(document(tried, arguments.folder), "utf-8")
    return 1 if any(each.failure for each in tried) else 0


@dataclass(frozen=True)
class Tried:
    """`problems` are the import's; `failure` is what went wrong on the way of a form that was imported."""

    name: str
    problems: tuple[FormProblem, ...]
    failure: str

    @property
    def outcome(self) -> str:
        return self.failure or refusal(self.problems) or "imported"


def summary(tried: list[Tried]) -> str:
    imported = sum(1 for each in tried if not each.problems)
    failed = sum(1 for each in tried if each.failure)
    share = imported / max(len(tried), 1)
    return f"{imported} of {len(tried)} imported ({share:.1%}), {failed} of them failed on the way"


def document(tried: list[Tried], folder: Path) -> str:
    """The page docs/xlsform-corpus.md."""
    reasons = Counter(code for each in tried for code in {problem.code.value for problem in each.problems})
    sources = (line.split("\t") for line in (folder / "sources.tsv").read_text("utf-8").splitlines())
    owners = Counter("/".join(each.name.split("/")[:2]) for each in tried)
    imported = Counter("/".join(each.name.split("/")[:2]) for each in tried if not each.problems)
    lines = [
        "# Real XLSForms, and what became of them",
        "",
        f"{summary(tried)}. The files are those of public repositories that pyxform makes an XForm of; none lies",
        "here. Again: clone the repositories below, then",
        "",
        "```",
        "python scripts/collect_xlsforms.py FOLDER REPOSITORY…",
        "PYTHONPATH=. python scripts/try_xlsforms.py FOLDER --page --whole-way --write docs/xlsform-corpus.md",
        "```",
        "",
        "| repository | commit | valid forms | imported |",
        "| --- | --- | --- | --- |",
        *(
            f"| {name} | {commit[:12]} | {owners[name]} | {imported[name]} |"
            for name, commit in sources
            if owners[name]
        ),
        "",
        "| reason | forms |",
        "| --- | --- |",
        *(f"| {code} | {count} |" for code, count in reasons.most_common()),
        "",
        "| file | |",
        "| --- | --- |",
        *(f"| {each.name} | {each.outcome} |" for each in tried),
        "",
    ]
    return "\n".join(lines)


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


def not_for_others(form: Form) -> str:
    """What pyxform has against the form as it is written here; empty where nothing.

    Not asked of forms with pulldata(): what was a file of theirs is a list of choices here, which pyxform refuses.
    """
    if any(
        "pulldata(" in text for _, question in walk_questions(form.questions) for _, text in question.expressions
    ):
        return ""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "form.xlsx"
        file.write_bytes(WRITERS[".xlsx"](form))
        return "" if is_valid(file) else "other tools do not take it as it is written here"


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
