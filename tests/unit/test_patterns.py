"""Which regular expressions a form may use, and what becomes of them."""

from __future__ import annotations

import pytest

from tianbao.domain.patterns import (
    NESTING_MAX,
    PATTERN_LENGTH_MAX,
    SIZE_MAX,
    PatternError,
    PatternFault,
    read_pattern,
)


@pytest.mark.parametrize(
    ("source", "pattern"),
    [
        ("", ""),
        ("^abc$", "abc"),
        ("^a$|^b$", "(?:a|b)"),
        (r"\d{3}-\d{4}", "[0-9]{3}-[0-9]{4}"),
        (r"[\w.-]+", r"[A-Za-z0-9_\.\-]+"),
        (r"\S\D\W", r"[^ \t\n\r\f\v][^0-9][^A-Za-z0-9_]"),
        (r"[^\s]", r"[^ \t\n\r\f\v]"),
        (".", r"[^\n\r]"),
        (r"\@\-\_", "@-_"),
        (r"\u4e00\x41\x2a", r"一A\*"),
        ("(a)(?:b)", "ab"),
        ("(ab){2,}c{3}d{0,1}", "(?:ab){2,}c{3}d?"),
        ("a*?b+?c??d{1,2}?", "a*b+c?d{1,2}"),
        ("[&&~~]", r"[\x26\x26\x7e\x7e]"),
        ("(|a)b", "(?:|a)b"),
        ("/", r"\/"),
    ],
)
def test_is_written_so_that_both_engines_read_it_alike(source: str, pattern: str) -> None:
    assert read_pattern(source) == pattern


@pytest.mark.parametrize(
    "source",
    [
        r"1[3-9]\d{9}",
        r"(07|06)\d{8}",
        r"([01]\d|2[0-3]):[0-5]\d",
        r"-?\d+(\.\d+)?",
        r"[a-zA-Z0-9._%+-]+@[a-zA-Z0-9.-]+\.[a-zA-Z]{2,}",
        r".+@.+\..+",
        r"(\d{1,3}\.){3}\d{1,3}",
        r"[A-Z][a-z]+([ -][A-Z][a-z]+)*",
        r"(.|\n){1,250}",
        r"[\u4e00-\u9fff·]{2,20}",
        r"[京津冀][A-Z][A-Z0-9]{5,6}",
        r".*a.*b",
    ],
)
def test_usual_patterns_are_taken(source: str) -> None:
    assert read_pattern(source)


@pytest.mark.parametrize(
    "source",
    [
        "(a+)+",
        "(a*)*",
        "(a?)*",
        "(a|a)*",
        "(a|ab|b)*",
        r"(\d|\w)+",
        r"(.|\s)*",
        "(a{1,2}){2,}",
        r"\w+([.-]?\w+)*@\w+",
        ".*a.*b.*c.*",
        "(a?){40}",
        "([一-龥a-z]|[丁-丂])*",
    ],
)
def test_patterns_that_could_run_away_are_refused(source: str) -> None:
    with pytest.raises(PatternError) as refusal:
        read_pattern(source)

    assert refusal.value.code is PatternFault.TOO_COSTLY


@pytest.mark.parametrize(
    ("source", "position"),
    [
        ("a(?=b)", 2),
        ("a(?<n>b)", 2),
        (r"(a)\1", 4),
        (r"\bx", 1),
        (r"\p{L}", 1),
        ("a^", 1),
        ("a$b", 2),
        ("(^a)", 1),
        ("(a$)", 2),
        ("a**", 2),
        ("*a", 0),
        ("a{3,2}", 1),
        ("a{,2}", 1),
        ("a{2", 1),
        ("[", 1),
        ("[]", 2),
        ("[[:alpha:]]", 1),
        (r"[\s\S]", 4),
        ("[z-a]", 1),
        ("(a", 2),
        ("a)", 1),
        ("]", 0),
        ("\\", 1),
        (r"\ud800", 6),
    ],
)
def test_notation_that_engines_read_differently_is_refused(source: str, position: int) -> None:
    with pytest.raises(PatternError) as refusal:
        read_pattern(source)

    assert (refusal.value.code, refusal.value.position) == (PatternFault.UNSUPPORTED, position)


def test_limits() -> None:
    assert read_pattern("a" * PATTERN_LENGTH_MAX)
    assert read_pattern("(" * NESTING_MAX + "a" + ")" * NESTING_MAX) == "a"
    assert read_pattern(f"a{{{SIZE_MAX}}}")
    for too_long in ("a" * (PATTERN_LENGTH_MAX + 1), f"a{{{SIZE_MAX}}}b", "((a{100}){100}){100}"):
        with pytest.raises(PatternError, match=PatternFault.TOO_LONG.value):
            read_pattern(too_long)
    with pytest.raises(PatternError, match=PatternFault.UNSUPPORTED.value):
        read_pattern("(" * (NESTING_MAX + 1) + "a" + ")" * (NESTING_MAX + 1))
