"""Hiding small numbers in a table, so that nobody is recognised in it, and none can be worked out from the totals.

Used for what upper levels see (`services.aggregates`). A cell between 1 and 4 is hidden (primary). A hidden cell
could be worked out from the sums of its row and column exactly if, in the graph whose nodes are rows and columns
and whose edges are the hidden cells, its edge lies on no cycle (D. Gusfield, "A graph theoretic approach to
statistical data security", SIAM J. Comput. 17, 1988). So each is given a cycle, the one that hides least besides.
Totals are cells like others. Must not know: what is counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heappop, heappush
from typing import Final, TypeAlias

SMALL: Final = 5
"""Counts below this, and above nothing, name somebody too nearly."""
CELLS_MAX: Final = 20_000

Cell: TypeAlias = tuple[int, int]
Shown: TypeAlias = list[list[int | None]]
_Cost: TypeAlias = tuple[int, int, int]
"""(cells that are hidden besides, totals and zeros among them, people in them): less is better, in this order."""


def suppress(counts: Sequence[Sequence[int]]) -> Shown:
    """The table with a last column and a last row of sums, None where a number is hidden.

    `counts` are rows of equal length, none below 0. Raises ValueError for a table that is too large or not even.
    """
    table = _with_totals(counts)
    small = [(row, column) for row, cells in enumerate(table) for column, n in enumerate(cells) if 0 < n < SMALL]
    hidden, on_a_cycle = set(small), set[Cell]()
    for cell in small:
        if cell not in on_a_cycle:
            cycle = _cheapest_cycle(table, hidden, cell)
            hidden.update(cycle)
            on_a_cycle.update(cycle)
    return [
        [None if (row, column) in hidden else n for column, n in enumerate(cells)]
        for row, cells in enumerate(table)
    ]


def _with_totals(counts: Sequence[Sequence[int]]) -> list[list[int]]:
    columns = len(counts[0]) if counts else 0
    if any(len(row) != columns for row in counts) or any(n < 0 for row in counts for n in row):
        raise ValueError("a table of counts has rows of one length and nothing below 0")
    if (len(counts) + 1) * (columns + 1) > CELLS_MAX:
        raise ValueError("too many cells")
    table = [[*row, sum(row)] for row in counts]
    return [*table, [sum(row[column] for row in table) for column in range(columns + 1)]]


def _cheapest_cycle(table: list[list[int]], hidden: set[Cell], cell: Cell) -> list[Cell]:
    """The cell, and the cheapest way from its row to its column by other cells (Dijkstra)."""
    rows, columns = len(table), len(table[0])
    goal = rows + cell[1]
    best: dict[int, _Cost] = {cell[0]: (0, 0, 0)}
    came_by: dict[int, tuple[int, Cell]] = {}
    waiting: list[tuple[_Cost, int]] = [((0, 0, 0), cell[0])]
    done: set[int] = set()
    while waiting:
        cost, node = heappop(waiting)
        if node == goal:
            break
        if node in done:
            continue
        done.add(node)
        for other in range(rows, rows + columns) if node < rows else range(rows):
            step = (node, other - rows) if node < rows else (other, node - rows)
            if step == cell or other in done:
                continue
            further = cost if step in hidden else _add(cost, table, step)
            if other not in best or further < best[other]:
                best[other], came_by[other] = further, (node, step)
                heappush(waiting, (further, other))
    cycle, node = [cell], goal
    while node != cell[0]:
        node, step = came_by[node]
        cycle.append(step)
    return cycle


def _add(cost: _Cost, table: list[list[int]], cell: Cell) -> _Cost:
    row, column = cell
    n = table[row][column]
    is_dear = n == 0 or row == len(table) - 1 or column == len(table[0]) - 1
    return cost[0] + 1, cost[1] + is_dear, cost[2] + n
