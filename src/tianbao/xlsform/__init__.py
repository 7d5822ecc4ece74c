"""XLSForm: spreadsheet files into forms and back, so that import(export(form)) == form.

    file → reading (sheets of rows) → understanding (a form, or everything that is wrong) ; form → writing (a file)

The one room that knows pyxform and Excel; of ours it knows the domain alone. docs/xlsform.md is its reference,
docs/adr/0009 says why it is cut this way.
"""

from tianbao.xlsform.attachments import Given, given_bytes, open_form
from tianbao.xlsform.reading import Book, read_book
from tianbao.xlsform.understanding import Understood, understand
from tianbao.xlsform.writing import write_csv, write_markdown, write_workbook

__all__ = [
    "Book",
    "Given",
    "Understood",
    "given_bytes",
    "open_form",
    "read_book",
    "read_form",
    "understand",
    "write_csv",
    "write_markdown",
    "write_workbook",
]


def read_form(given: Given) -> Understood:
    """A form from a file with what lies beside it; everything that is wrong at once, nothing is raised."""
    if given.problems:
        return Understood(None, given.problems, ())
    return understand(read_book(given.data, given.filename), given.find)
