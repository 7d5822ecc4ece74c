"""The order in which a form's questions are worked out: each after those it asks for.

Worked out once, when a form version is compiled; `domain.validation` goes through it on the server and the page
carries it for its own. docs/adr/0007 says why. Must not know: expressions, answers.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from heapq import heappop, heappush

from tianbao.domain.levels import Level


@dataclass(frozen=True, slots=True)
class Run:
    """Questions of one level that follow each other: the level's template path, their paths within it."""

    level: str
    paths: tuple[str, ...]


class Ring(ValueError):
    """Raised where questions ask for each other in a ring; a checked form has none. Holds template paths."""


def order_runs(levels: Mapping[str, Level], references: Mapping[str, Collection[str]]) -> tuple[Run, ...]:
    """Every question once, groups and repeats before what they hold.

    `references` are, by template path, the template paths that a question's relevance, calculation and count
    ask for. Of the questions that could be next, those of the level at hand come first, then the form's own
    order decides.
    """
    waiting_for, freed_by, places = _edges(levels, references)
    ready: dict[str, list[tuple[int, str]]] = {path: [] for path in levels}
    for template, others in waiting_for.items():
        if not others:
            level, index, _ = places[template]
            heappush(ready[level], (index, template))
    runs: list[Run] = []
    while any(ready.values()):
        level = min((waiting[0], level) for level, waiting in ready.items() if waiting)[1]
        paths = []
        while ready[level]:
            _, template = heappop(ready[level])
            paths.append(places[template][2])
            for freed in freed_by.get(template, ()):
                waiting_for[freed].discard(template)
                if not waiting_for[freed]:
                    heappush(ready[places[freed][0]], (places[freed][1], freed))
            del waiting_for[template]
        runs.append(Run(level, tuple(paths)))
    if waiting_for:
        raise Ring(", ".join(sorted(waiting_for)))
    return tuple(runs)


def _edges(
    levels: Mapping[str, Level], references: Mapping[str, Collection[str]]
) -> tuple[dict[str, set[str]], dict[str, list[str]], dict[str, tuple[str, int, str]]]:
    """What each waits for, what each frees, and where each stands: (level, index in the form, path)."""
    waiting_for: dict[str, set[str]] = {}
    freed_by: dict[str, list[str]] = {}
    places: dict[str, tuple[str, int, str]] = {}
    for level in levels.values():
        for path in level.questions:
            template = level.template(path)
            places[template] = (level.path, len(places), path)
            around = template.rpartition(".")[0]
            waiting_for[template] = {other for other in (around, *references.get(template, ())) if other}
    for template, others in waiting_for.items():
        for other in others:
            freed_by.setdefault(other, []).append(template)
    return waiting_for, freed_by, places
