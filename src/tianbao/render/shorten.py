"""Scripts made small, because every phone loads them: only what a page uses, and short names for what it declares.

Between `pages`, which puts the scripts of a page into one scope, and the page. Within a statement of that scope the
same name gets the same shorter one wherever it stands for a variable, so no inner scope has to be understood; names
of properties stay. It knows the language only as far as our own scripts use it. Must not know: what they do.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Set
from itertools import count, pairwise, product
from string import ascii_lowercase, ascii_uppercase
from typing import Final, NamedTuple

_TOKEN: Final = re.compile(
    r"""(?P<name>[A-Za-z_$][\w$]*)
      | (?P<other>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|[0-9][\w.]*|\s+)
      | (?P<sign>=>|\.\.\.|.)""",
    re.VERBOSE | re.DOTALL,
)
_PATTERN: Final = re.compile(r"/(?:[^/\\\n\[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/[a-z]*")
_TEMPLATE: Final = re.compile(r"(?:[^`\\$]|\\.|\$(?!\{))*(?:`|\$\{)", re.DOTALL)
_RESERVED: Final = frozenset(
    re.findall(
        r"\w+",
        """async await break case catch const continue default delete do else false finally for function if in
        instanceof let new null of return super switch this throw true try typeof undefined var void while yield""",
    )
)
_MARK: Final = re.compile(r"\s*// =(.*)\n")
_DECLARING: Final = frozenset({"const", "let", "function"})
_LETTERS_OF_ALL: Final = ascii_uppercase + ascii_lowercase
_LETTERS_OF_FEW: Final = ascii_lowercase
_BEFORE_OBJECT: Final = frozenset({"(", ",", "=", ":", "[", "?", "return", "const", "let", "...", "|", "&"})
_BEFORE_PATTERN: Final = frozenset({"return", "typeof", "case", "in", "of", ""})


class _Token(NamedTuple):
    """`inside` is what it stands in: `(`, `[`, `{` of a block, `:` of an object (or a pattern of one), or empty."""

    kind: str
    text: str
    inside: str


def keep_used(script: str, used: Set[str]) -> str:
    """A script without the parts for what a page does not use.

    A line `// = names` says for which of them the lines after it are needed, up to the next such line.
    """
    kept: list[str] = []
    is_needed = True
    for line in script.splitlines(keepends=True):
        if mark := _MARK.fullmatch(line):
            is_needed = not mark[1].strip() or not used.isdisjoint(mark[1].split())
        elif is_needed:
            kept.append(line)
    return "".join(kept)


def shorten(script: str) -> str:
    """A minified script with its own names as short as can be. What it does is the same.

    Names of the outermost scope are told apart from all others; the rest only within the statement that holds them,
    so that the same few letters come again and compress well.
    """
    tokens = list(_tokens(script))
    variables = [i for i, token in enumerate(tokens) if token.kind == "name" and not _is_property(tokens, i)]
    own = _declared(tokens) - _RESERVED
    ends = _ends(tokens)
    starts = [index for index, token in enumerate(tokens) if not token.inside and token.text in _DECLARING]
    shared = {name for index in starts for name in _declared_at(tokens, index, ends)} & own
    used = Counter(tokens[index].text for index in variables)
    taken = used.keys() - own | _RESERVED
    short = dict(_give((name for name, _ in used.most_common() if name in shared), taken, _LETTERS_OF_ALL))
    texts = [token.text for token in tokens]
    for start, end in pairwise([0, *starts, len(tokens)]):
        here = [index for index in variables if start <= index < end and texts[index] in own]
        local = dict.fromkeys(texts[index] for index in here if texts[index] not in shared)
        others = taken | {short[texts[index]] for index in here if texts[index] in shared}
        given = short | dict(_give(local, others, _LETTERS_OF_FEW))
        for index in here:
            name = texts[index]
            texts[index] = f"{name}:{given[name]}" if _is_key_too(tokens, index) else given[name]
        if end < len(tokens) and _continues(tokens, start, end):
            texts[end - 1], texts[end], texts[end + 1] = ",", "", ""
    return "".join(text for index, text in enumerate(texts) if not _is_idle(tokens, index))


def _is_idle(tokens: list[_Token], index: int) -> bool:
    """The semicolon or comma after the last of a block or an object; the line's end after a block.

    Our own statements end with a semicolon, so that none needs the line's end.
    """
    text = tokens[index].text
    return (text in (";", ",") and _near(tokens, index, 1) == "}") or (
        text.isspace() and index > 0 and tokens[index - 1].text == "}"
    )


def _continues(tokens: list[_Token], start: int, end: int) -> bool:
    """Whether the const at `end` directly follows the one at `start`, so that one word does for both."""
    between = [i for i in range(start, end) if not tokens[i].inside and tokens[i].text == ";"]
    return (
        tokens[start].text == tokens[end].text == "const" and between == [end - 1] and tokens[end + 1].text == " "
    )


def _give(names: Iterable[str], taken: Set[str], letters: str) -> Iterator[tuple[str, str]]:
    """Each name with a short one of its own."""
    fresh = (
        short
        for length in count(1)
        for short in map("".join, product(letters, repeat=length))
        if short not in taken
    )
    return zip(names, fresh, strict=False)


def _tokens(script: str) -> Iterator[_Token]:
    open_brackets: list[str] = []
    position, before = 0, ""
    while position < len(script):
        inside = open_brackets[-1] if open_brackets else ""
        sign = script[position]
        is_pattern = sign == "/" and (
            before in _BEFORE_PATTERN or (before[-1] not in ")]}\"'`" and not _is_word(before))
        )
        if sign == "`" or (sign == "}" and inside == "`"):
            if sign == "}":
                open_brackets.pop()
            match = _TEMPLATE.match(script, position + 1)
            kind = "other"
            if match and match[0].endswith("${"):
                open_brackets.append("`")
        elif is_pattern:
            match, kind = _PATTERN.match(script, position), "other"
        else:
            match = _TOKEN.match(script, position)
            kind = match.lastgroup or "" if match else ""
            if sign in "([{":
                open_brackets.append(":" if sign == "{" and before in _BEFORE_OBJECT else sign)
            elif sign in ")]}" and open_brackets:
                open_brackets.pop()
        if match is None:
            raise ValueError(f"not a script: {script[position : position + 20]}")
        text = script[position : match.end()]
        yield _Token(kind, text, inside)
        before = text if not text.isspace() else before
        position = match.end()


def _is_word(text: str) -> bool:
    return (text[-1].isalnum() or text[-1] in "_$") and text not in _BEFORE_PATTERN


def _near(tokens: list[_Token], index: int, step: int) -> str:
    """The text of the token before or after, white space left out."""
    index += step
    while 0 <= index < len(tokens) and tokens[index].text.isspace():
        index += step
    return tokens[index].text if 0 <= index < len(tokens) else ""


def _is_property(tokens: list[_Token], index: int) -> bool:
    """After a dot, or a key of an object."""
    before = _near(tokens, index, -1)
    is_first = tokens[index].inside == ":" and before in ("{", ",")
    return before == "." or (is_first and _near(tokens, index, 1) in (":", "("))


def _is_key_too(tokens: list[_Token], index: int) -> bool:
    """A name that is key and variable at once: {target}."""
    is_first = tokens[index].inside == ":" and _near(tokens, index, -1) in ("{", ",")
    return is_first and _near(tokens, index, 1) in (",", "}", "=")


def _declared(tokens: list[_Token]) -> set[str]:
    """The names behind const, let and function, and the parameters."""
    found: set[str] = set()
    ends = _ends(tokens)
    for index, token in enumerate(tokens):
        if token.text in _DECLARING:
            found |= _declared_at(tokens, index, ends)
        elif token.kind == "name" and _near(tokens, index, 1) == "=>":
            found.add(token.text)
        elif index in ends and token.text == "(" and _takes_parameters(tokens, index, ends[index]):
            found |= _listed(tokens, index, ends[index])
    return found


def _ends(tokens: list[_Token]) -> dict[int, int]:
    """Where each bracket that opens closes, by index."""
    ends: dict[int, int] = {}
    waiting: list[int] = []
    for index, token in enumerate(tokens):
        if token.kind == "sign" and token.text in "([{":
            waiting.append(index)
        elif token.kind == "sign" and token.text in ")]}" and waiting:
            ends[waiting.pop()] = index
    return ends


def _takes_parameters(tokens: list[_Token], start: int, end: int) -> bool:
    """Whether these are the parameters of a function rather than the arguments of a call."""
    after = _near(tokens, end, 1)
    return after == "=>" or (after == "{" and _near(tokens, start, -1) not in ("if", "for", "while", "switch"))


def _declared_at(tokens: list[_Token], start: int, ends: Mapping[int, int]) -> set[str]:
    """The names of one const, let or function, those within brackets too."""
    if tokens[start].text == "function":
        return {_near(tokens, start, 1)}
    found: set[str] = set()
    index = start + 1
    while index < len(tokens) and tokens[index].text not in (";", ")", "}", "of", "in"):
        token = tokens[index]
        if _near(tokens, index, -1) in (tokens[start].text, ","):
            if token.kind == "name":
                found.add(token.text)
            elif token.text in ("[", "{"):
                found |= _listed(tokens, index, ends[index])
        index = ends.get(index, index) + 1
    return found


def _listed(tokens: list[_Token], start: int, end: int) -> set[str]:
    """The names of a list of parameters, or of what is taken apart."""
    return {
        tokens[index].text
        for index in range(start, end)
        if tokens[index].kind == "name"
        and _near(tokens, index, -1) in ("(", ",", "[", "{", "...", ":")
        and _near(tokens, index, 1) in (",", ")", "]", "}", "=")
    }
