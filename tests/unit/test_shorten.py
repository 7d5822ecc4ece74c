"""Scripts made small: short names, and nothing else different."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import esprima
import pytest
import rjsmin

import tianbao.render
from tianbao.render.shorten import keep_used, shorten

SCRIPTS = sorted((Path(tianbao.render.__file__).parent / "page").glob("*.js"))


def run(script: str) -> object:
    """What a script leaves in `result`."""
    program = f"{script};console.log(JSON.stringify(result))"
    done = subprocess.run(["node", "-e", program], capture_output=True, text=True, check=True, timeout=20)
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("script", "short"),
    [
        ("const first=1;const second=first+1;", "const A=1,B=A+1;"),
        ("const double=number=>number*2;", "const A=a=>a*2;"),
        ("function add(left,right){return left+right;}", "function A(a,b){return a+b}"),
        ("function one(){go();}\nfunction two(){return {a:1,b:[2,],};}", "function A(){go()}function B(){return {a:1,b:[2,]}}"),
        ("for(;;){if(a)break;}", "for(;;){if(a)break}"),
        ("const {name,other:mine}=thing;", "const {name:A,other:B}=thing;"),
        ("const part={name:1};part.name=part['name'];", "const A={name:1};A.name=A['name'];"),
        ("const text=`${text2} text`;let text2;", "const B=`${A} text`;let A;"),
        ("const made=([first,...rest])=>({first,rest});", "const A=([a,...b])=>({first:a,rest:b});"),
        ("const is=value=>/value/.test(value)&&document.value/value;", "const A=a=>/value/.test(a)&&document.value/a;"),
    ],
)  # fmt: skip
def test_only_names_of_variables_change(script: str, short: str) -> None:
    assert shorten(script) == short


def test_what_a_script_does_stays() -> None:
    script = """
        const seed = {count: 3, list: [5, 4], more: {deep: 'x'}};
        const {count, more: {deep}} = seed;
        let [first, second = 9] = seed.list;
        function total(numbers, start = 0) { let sum = start; for (const number of numbers) sum += number; return sum; }
        const table = {total(a) { return total(a, count); }, 'a-b': x => x / 2, deep};
        const words = [1, 2].map((word, index) => `${word}:${index ? {word}.word : 'none'} deep`);
        first = total([first, second]);
        var result = {first, all: table.total([1, 2]), half: table['a-b'](8), words, deep: table.deep};
    """
    small = shorten(rjsmin.jsmin(script))
    assert len(small) < len(rjsmin.jsmin(script))
    assert run(small) == run(script)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_our_scripts_stay_scripts(script: Path) -> None:
    esprima.parseScript(shorten(rjsmin.jsmin(script.read_text("utf-8"))))


def test_only_used_parts_are_kept() -> None:
    script = "a;\n// = one two\nb;\n// =\nc;\n  // = three\nd;\n"
    assert keep_used(script, frozenset({"two"})) == "a;\nb;\nc;\n"
    assert keep_used(script, frozenset({"three"})) == "a;\nc;\nd;\n"
