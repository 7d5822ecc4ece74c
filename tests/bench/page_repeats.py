"""How fluid the page of a form is that asks ten questions of each of a hundred people: input to paint, in milliseconds.

    python -m tests.bench.page_repeats [ROWS] [TIMES SLOWER]

Chromium throttles the processor of the page (CDP Emulation.setCPUThrottlingRate, six times by default) and says itself
how long each input took until the next paint (Event Timing; steps of 8 ms) and how long the script was busy after it
(Long Tasks from 50 ms), which is when the draft is kept. What is touched is in sight and at rest before, and a touch
lasts 80 ms, as with a finger. Each figure is the median of all that were taken, with the least beside it: what others do
on the machine only makes it slower.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from os import cpu_count, getloadavg
from statistics import median
from typing import Any, TypeAlias

from playwright.sync_api import Page as Tab
from playwright.sync_api import Route
from tests.e2e.browser import chromium
from tests.page_samples import SITE, form_of, page

RUNS = 3
"""Sessions, each with a browser of its own."""
TIMES = 5
"""How often each is done in a session: there and back again, but for what submits."""
TOUCH_MS = 80
Figures: TypeAlias = dict[str, float]
SUBMIT = "form > button:not(.sr)"
ADDRESS = "https://page.test"
YES_NO = [{"name": name, "label": {"en": name}} for name in ("yes", "no")]
MANY = [{"name": f"c{index}", "label": {"en": f"Choice {index}"}} for index in range(12)]
FORM = form_of(
    {"name": "stay", "type": "select_one", "choices": YES_NO},
    {"name": "limit", "type": "integer"},
    {
        "name": "people",
        "type": "repeat",
        "rows_max": 1000,
        "questions": [
            {"name": "name", "type": "text", "kind": "person_name", "required": True},
            {"name": "age", "type": "integer", "constraint": ". >= 0 and . <= 120"},
            {"name": "school", "type": "text", "relevant": "${age} < 18"},
            {"name": "work", "type": "select_one", "choices": MANY, "relevant": "${age} >= 18"},
            {"name": "ill", "type": "select_one", "choices": YES_NO},
            {"name": "since", "type": "date", "relevant": "${ill} = 'yes'", "constraint": ". <= today()"},
            {"name": "needs", "type": "select_multiple", "choices": MANY[:5], "relevant": "${stay} = 'yes'"},
            {"name": "weight", "type": "decimal"},
            {"name": "ration", "type": "calculate", "calculation": "if(${age} < ${limit}, 1, 2) * ${weight}"},
            {"name": "shown", "type": "note", "label": {"en": "${name}, ${age}: ${ration} kg"}},
        ],
    },
    {"name": "head_count", "type": "calculate", "calculation": "count(${people})"},
    {"name": "children", "type": "calculate", "calculation": "count(${people}[age < 18])"},
    {"name": "total", "type": "calculate", "calculation": "sum(${ration})"},
    {
        "name": "sum_shown",
        "type": "note",
        "label": {"en": "${head_count} people, ${children} children, ${total} kg"},
    },
    {"name": "why", "type": "text", "relevant": "${total} > 1000", "required_if": "${head_count} > 50"},
)
OBSERVE = """
window.seen = {events: [], tasks: []};
new PerformanceObserver(list => seen.events.push(...list.getEntries().map(one => one.duration)))
  .observe({type: 'event', durationThreshold: 16});
new PerformanceObserver(list => seen.tasks.push(...list.getEntries().map(one => one.duration)))
  .observe({type: 'longtask'});
"""
FILL = """
rows => {
  const put = (name, value) => {
    const field = document.getElementById(name);
    field.value = value;
    field.dispatchEvent(new Event('input', {bubbles: true}));
  };
  const add = document.querySelector("[value='add:people']");
  for (let row = 0; row < rows; row++) {
    if (row) add.click();
    put(`people.${row}.name`, 'Person ' + row);
    put(`people.${row}.age`, String(row % 60));
    put(`people.${row}.weight`, '3.5');
  }
}
"""


def main(rows: int = 100, slower: int = 6) -> None:
    print(
        f"{rows} rows of ten questions, processor {slower} times slower; milliseconds, the median of {RUNS} sessions"
    )
    print(f"others use {getloadavg()[0]:.1f} of {cpu_count()} cores")
    found: dict[str, list[Figures]] = {}
    for _ in range(RUNS):
        for what, figures in run(rows, slower):
            found.setdefault(what, []).append(figures)
    for what, all_figures in found.items():
        line = f"{what:<42}"
        for name in all_figures[0]:
            taken = sorted(figures[name] for figures in all_figures)
            line += f"{name} {median(taken):>6.0f} (least {taken[0]:.0f})   "
        print(line)


def run(rows: int, slower: int) -> Iterator[tuple[str, Figures]]:
    """What was done, with its figures."""
    with chromium() as browser:
        context = browser.new_context(viewport={"width": 360, "height": 640}, has_touch=True)
        tab = context.new_page()
        tab.route("**/*", answer)
        tab.add_init_script(OBSERVE)
        tab.goto(ADDRESS)
        # One row less, so that the last is added under throttling.
        tab.evaluate(FILL, rows - 1)
        tab.wait_for_selector("#_draft:not([hidden])")
        tab.wait_for_timeout(1_000)
        devtools = context.new_cdp_session(tab)
        devtools.send("Emulation.setCPUThrottlingRate", {"rate": slower})
        yield "load the page and its draft", load(tab, rows - 1)
        middle = f"people.{rows // 2}"
        grown = f"people.{rows // 60 * 60 + 30}"
        child = f"people.{rows // 60 * 60 + 5}"
        add, last_row = "[value='add:people']", "#people > .row:nth-last-child(2)"
        for turn in range(TIMES):
            yield f"add row {rows}", measure(tab, add)
            if turn < TIMES - 1:
                yield "remove the last row", measure(tab, f"{last_row} > .link")
        ill = [f"[name='{middle}.ill'][value={answer}]" for answer in ("yes", "no")]
        stay = [f"[name=stay][value={answer}]" for answer in ("yes", "no")]
        for what, selectors, key in (
            ("type what nothing asks for", [field(f"{child}.school")], "x"),
            ("type a name that the row shows", [field(f"{middle}.name")], "x"),
            ("type a weight that sums ask for", [field(f"{middle}.weight")], "1"),
            ("type an age that all in the row ask for", [field(f"{middle}.age")], "1"),
            ("choose what the row asks for", ill, "Space"),
            ("choose from a list", [field(f"{grown}.work")], "c"),
            ("choose what every row asks for", stay, "Space"),
            ("tick", [field(f"{middle}.needs")], "Space"),
            ("type a number that every row asks for", [field("limit")], "9"),
        ):
            for turn in range(TIMES):
                yield what, measure(tab, selectors[turn % len(selectors)], key)
        for turn in range(TIMES):
            yield (
                f"remove row {rows // 2} and following",
                measure(tab, f"[value='remove:people.{rows // 2 + turn}']"),
            )
        tab.locator("[id='people.0.name']").fill("")
        for _ in range(TIMES):
            yield "submit: a name is missing", measure(tab, SUBMIT)
        tab.locator("[id='people.0.name']").fill("Person 0")
        tab.locator(f"{last_row} [id$='.name']").fill("Person")
        yield "submit: all is there", measure(tab, SUBMIT)


def answer(route: Route) -> None:
    if route.request.method == "POST":
        route.fulfill(status=503, body="{}", headers={"retry-after": "600"})
    else:
        route.fulfill(status=200, body=HTML, content_type="text/html; charset=utf-8")


HTML = page("en", form=FORM, site=SITE)


def load(tab: Tab, rows: int) -> Figures:
    """Until the last row of the draft has its answer."""
    tab.goto(ADDRESS, wait_until="commit")
    tab.wait_for_function(f"(document.getElementById('people.{rows - 1}.weight') || {{}}).value", polling=20)
    took = tab.evaluate("performance.now()")
    tab.wait_for_timeout(1_500)
    return {"until filled": took, "longest task": max(tab.evaluate("seen.tasks"), default=0)}


def field(name: str) -> str:
    return f"[id='{name}']"


def measure(tab: Tab, selector: str, key: str = "Space") -> Figures:
    """After everything before has come to rest."""
    tab.locator(selector).focus()
    if key != "Space":
        tab.keyboard.press("End")
    tab.wait_for_timeout(900)
    tab.evaluate("() => { seen.events.length = seen.tasks.length = 0; }")
    tab.keyboard.press(key, delay=TOUCH_MS)
    tab.wait_for_timeout(900)
    seen: dict[str, Any] = json.loads(tab.evaluate("JSON.stringify(seen)"))
    return {"input to paint": max(seen["events"], default=0), "longest task": max(seen["tasks"], default=0)}


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
