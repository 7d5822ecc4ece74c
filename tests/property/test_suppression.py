"""No hidden number can be worked out from what a table shows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tianbao.domain.suppression import SMALL, suppress


@st.composite
def tables(draw: st.DrawFn) -> list[list[int]]:
    columns = draw(st.integers(1, 6))
    count = st.one_of(st.just(0), st.integers(1, 6), st.integers(5, 400))
    return draw(st.lists(st.lists(count, min_size=columns, max_size=columns), min_size=1, max_size=6))


def determined(shown: list[list[int | None]]) -> list[tuple[int, int]]:
    """The hidden cells that the sums of rows and columns fix, by linear algebra: not by the way they were hidden."""
    hidden = [(r, c) for r, row in enumerate(shown) for c, n in enumerate(row) if n is None]
    index = {cell: position for position, cell in enumerate(hidden)}
    rows, columns = len(shown), len(shown[0])
    equations = []
    for r in range(rows):
        equations.append([((r, c), -1 if c == columns - 1 else 1) for c in range(columns)])
    for c in range(columns):
        equations.append([((r, c), -1 if r == rows - 1 else 1) for r in range(rows)])
    matrix = np.zeros((len(equations), max(1, len(hidden))))
    for line, terms in enumerate(equations):
        for cell, sign in terms:
            if cell in index:
                matrix[line, index[cell]] = sign
    rank = np.linalg.matrix_rank(matrix)
    fixed = []
    for cell, position in index.items():
        unit = np.zeros((1, matrix.shape[1]))
        unit[0, position] = 1
        if np.linalg.matrix_rank(np.vstack([matrix, unit])) == rank:
            fixed.append(cell)
    return fixed


@settings(max_examples=300, deadline=None)
@given(tables())
def test_nothing_hidden_can_be_worked_out(counts: list[list[int]]) -> None:
    assert determined(suppress(counts)) == []


@settings(max_examples=300, deadline=None)
@given(tables())
def test_what_is_shown_is_true_and_never_small(counts: list[list[int]]) -> None:
    shown = suppress(counts)
    for row, cells in enumerate(counts):
        for column, n in enumerate(cells):
            assert shown[row][column] in (n, None)
            assert not 0 < (shown[row][column] or 0) < SMALL
    sums = [sum(column) for column in zip(*counts, strict=True)]
    assert all(given in (n, None) for given, n in zip(shown[-1], [*sums, sum(sums)], strict=True))


def test_a_table_without_small_numbers_shows_all() -> None:
    assert suppress([[5, 0], [12, 7]]) == [[5, 0, 5], [12, 7, 19], [17, 7, 24]]


def test_one_small_number_takes_three_more_with_it() -> None:
    shown = suppress([[3, 20, 30], [40, 50, 60], [70, 80, 90]])
    assert [n for row in shown for n in row].count(None) == 4
    assert shown[0][0] is None


@pytest.mark.parametrize("bad", [[[1, 2], [3]], [[-1]], [[0] * 200] * 200])
def test_what_is_no_table_is_refused(bad: list[list[int]]) -> None:
    with pytest.raises(ValueError):
        suppress(bad)
