// What an expression means, on the page: evaluate(tree, get) gives a tree of tianbao.domain.expressions the value
// that tianbao.domain.evaluation gives it on the server. The rules stand there; tests/vectors holds both to them.
// get(name) is an answer as a string, '' where there is none. Names are short because every phone loads them.

const trim = text => text.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, '');

const number = x => {
  if (typeof x != 'string') return +x;
  x = trim(x);
  if (/^-?(\d+(\.\d*)?|\.\d+)$/.test(x)) return +x;
  // Date takes 30 February for 2 March: only what it writes back unchanged is a date.
  const day = new Date(x);
  return /^[1-9]/.test(x) && day.toJSON() == x + 'T00:00:00.000Z' ? day / 864e5 : NaN;
};

const same = (a, b) => {
  const types = typeof a + typeof b;
  return /boo/.test(types) ? !a == !b : /num/.test(types) ? number(a) == number(b) : a == b;
};

// Moves the decimal point in writing: 1.005 by 2 places is 100.5, and not 100.49999…
const shift = (x, places) => {
  const [digits, e] = (x + 'e').split('e');
  return +(digits + 'e' + (+e + places));
};

// By what they take: any value, numbers, strings.
const functions = [
  [x => x, {
    or: (...all) => all.some(Boolean),
    and: (...all) => all.every(Boolean),
    not: x => !x,
    if: (x, a, b) => x ? a : b,
    '=': same,
    '!=': (a, b) => !same(a, b),
  }],
  [number, {
    '<': (a, b) => a < b,
    '<=': (a, b) => a <= b,
    '>': (a, b) => a > b,
    '>=': (a, b) => a >= b,
    '+': (...all) => all.reduce((a, b) => a + b),
    '-': (a, b) => a - b,
    '*': (...all) => all.reduce((a, b) => a * b),
    div: (a, b) => a / b,
    mod: (a, b) => a % b,
    neg: x => -x,
    number,
    int: x => Math.trunc(x) + 0,
    round(x, places = 0) {
      places = Math.trunc(places);
      return isFinite(x) ? Math.abs(places) <= 30 ? shift(Math.round(shift(x, places)), -places) : NaN : x;
    },
  }],
  [String, {
    string: String,
    coalesce: (a, b) => a || b,
    concat: (...all) => all.join(''),
    contains: (a, b) => a.includes(b),
    'starts-with': (a, b) => a.startsWith(b),
    'string-length': x => [...x].length,
    selected: (a, b) => a.split(' ').includes(trim(b)),
    'count-selected': x => x.split(' ').filter(Boolean).length,
    regex: (a, b) => [...a].length <= 250 && RegExp(`^(?:${b})$`, 'u').test(a),
  }],
];

function evaluate(tree, get) {
  if (!Array.isArray(tree)) return tree;
  const [name, ...parts] = tree;
  if (name == '$') return get(parts[0]);
  const [read, table] = functions.find(([, table]) => table[name]);
  return table[name](...parts.map(part => read(evaluate(part, get))));
}
