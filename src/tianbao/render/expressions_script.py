"""Which parts of page/expressions.js a page needs: those whose names stand in its trees.

Between `page_plan`, which binds a form's expressions, and `pages`, which leaves out of a script what is not used.
Must not know: what the functions do.
"""

from __future__ import annotations

from collections.abc import Iterable

from tianbao.domain.binding import walk_tree
from tianbao.domain.evaluation import Tree


def functions_used(trees: Iterable[Tree]) -> frozenset[str]:
    """The names of all functions, operators and look-ups in bound trees."""
    return frozenset(node[0] for tree in trees for node in walk_tree(tree))
