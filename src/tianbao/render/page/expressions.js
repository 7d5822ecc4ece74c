// What an expression means, on the page: evaluate(tree, row) gives a bound tree the value that tianbao.domain.evaluation
// gives it on the server. The rules stand there and in domain.functions; tests/vectors holds both to them.
// A row is {values, outer, rows, index}: answers as strings by path, the row around, the rows of each repeat by its
// path, the place among its siblings from 0. `lists` are the columns of choices: {list: {column: [value, …]}}.
// A page carries only what its trees use: a line "// = names" says for which functions the lines after it are needed,
// up to the next such line (render.shorten). Names are short because every phone loads them.

const trim = text => text.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, '');

// A date, perhaps with a time, as the days since 1970 that calendar and clock show, whatever zone is written with it.
const days = x => {
  const [, day, clock = '00:00'] = /^([1-9]\d{3}-\d\d-\d\d)(?:T((?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d+)?)?)(?:Z|[-+](?:[01]\d|2[0-3]):?[0-5]\d)?)?$/.exec(x) || [];
  const date = new Date(day + 'T' + clock.slice(0, 12) + 'Z');
  // Date takes 30 February for 2 March: only what it writes back unchanged is a date.
  return String(date.toJSON()).startsWith(day) ? date / 864e5 : NaN;
};

const number = x => {
  if (typeof x != 'string') return +x;
  x = trim(x);
  return /^-?(\d+(\.\d*)?|\.\d+)$/.test(x) ? +x : days(x);
};

// = = !=
const same = (a, b) => {
  const types = typeof a + typeof b;
  return /boo/.test(types) ? !a == !b : /num/.test(types) ? number(a) == number(b) : a == b;
};
// = round
// Moves the decimal point in writing: 1.005 by 2 places is 100.5, and not 100.49999…
const shift = (x, places) => {
  const [digits, e] = (x + 'e').split('e');
  return +(digits + 'e' + (+e + places));
};
// = sum min max
const numbers = all => all.map(number).filter(x => x == x);
// = min max
const extreme = (pick, all) => numbers(all).length ? pick(...numbers(all)) : NaN;
// = concat join
const cut = text => [...text].slice(0, 1e4).join('');
// = selected-at count-selected
const words = x => x.split(' ').filter(Boolean);
// = checklist weighted-checklist
const isYes = x => typeof x == 'string' ? x == 'yes' : x;
const isWithin = (least, total, most) => (least == -1 || total >= least) && (most == -1 || total <= most);
// = date date-time decimal-date-time decimal-time format-date format-date-time
const dated = x => typeof x == 'boolean' ? NaN : typeof x == 'string' ? trim(x) : x;
const isDay = x => -354285 <= x && x < 2932897;
const atDay = x => new Date(Math.floor(x * 864e5 + .5));
// = now today date-time
const two = x => ('0' + Math.floor(x)).slice(-2);
const local = date => {
  const east = -date.getTimezoneOffset(), off = Math.abs(east);
  return new Date(+date + east * 6e4).toJSON().slice(0, -1) + (east < 0 ? '-' : '+') + two(off / 60) + ':' + two(off % 60);
};
// = date-time decimal-date-time
// A moment as days since 1970-01-01T00:00Z. Without a zone it is one of this phone's.
const moment = x => typeof x == 'number' ? x : isNaN(days(x)) ? NaN
  : new Date((x[10] ? x : x + 'T00:00').replace(/([-+]\d\d)(\d\d)$/, '$1:$2')) / 864e5;
// = distance area
const points = all => all.join(';').split(';').map(text => {
  const [, ...at] = /^ *(-?\d{1,3}(?:\.\d+)?) (-?\d{1,3}(?:\.\d+)?)(?: -?[\d.]+){0,2} *$/.exec(text) || [];
  const [north, east] = at.map(x => x * Math.PI / 180);
  return Math.abs(at[0]) <= 90 && Math.abs(at[1]) <= 180 ? [north, east] : [NaN];
});
const centi = x => Math.floor(x * 100 + .5) / 100;
// =

// By what they take: any value, numbers, strings.
const functions = [
  [x => x, {
    // = or
    or: (...all) => all.some(Boolean),
    // = and
    and: (...all) => all.every(Boolean),
    // = not
    not: x => !x,
    // = boolean
    boolean: x => !!x,
    // = if
    if: (x, a, b) => x ? a : b,
    // = =
    '=': same,
    // = !=
    '!=': (a, b) => !same(a, b),
    // = coalesce
    coalesce: (a, b) => a === '' || a !== a ? b : a,
    // = once
    once: (own, x) => own || x,
    // = count
    count: (...all) => all.length,
    // = count-non-empty
    'count-non-empty': (...all) => all.filter(x => x !== '').length,
    // = sum
    sum: (...all) => numbers(all).reduce((a, b) => a + b, 0),
    // = min
    min: (...all) => extreme(Math.min, all),
    // = max
    max: (...all) => extreme(Math.max, all),
    // = position
    position: row => row.index + 1,
    // = selected-at
    'selected-at': (x, at) => words(String(x))[Math.trunc(number(at)) || 0] || '',
    // = substr
    substr: (x, from, to) => [...String(x)].slice(number(from), to === undefined ? to : number(to)).join(''),
    // = checklist
    checklist: (least, most, ...all) => isWithin(number(least), all.filter(isYes).length, number(most)),
    // = weighted-checklist
    'weighted-checklist': (least, most, ...all) => isWithin(number(least),
      all.reduce((sum, x, at) => sum + (at % 2 && isYes(all[at - 1]) ? number(x) : 0), 0), number(most)),
    // = date
    date: x => isDay(x = number(dated(x))) ? new Date(Math.floor(x) * 864e5).toJSON().slice(0, 10) : '',
    // = date-time
    'date-time': x => isDay((x = moment(dated(x))) - 1) && isDay(x + 1) ? local(atDay(x)) : '',
    // = decimal-date-time
    'decimal-date-time': x => moment(dated(x)),
    // = decimal-time
    'decimal-time': x => {
      x = dated(x);
      if (typeof x == 'string') x = days(x[2] == ':' ? '1970-01-01T' + x : x);
      return isFinite(x) ? x - Math.floor(x) : NaN;
    },
    // = format-date format-date-time
    'format-date': (x, form) => {
      if (!isDay(x = number(dated(x)))) return '';
      const iso = atDay(x).toJSON(), [name, , month] = atDay(x).toUTCString().split(/,? /);
      const at = (from, to) => iso.slice(from, to);
      const parts = {Y: at(0, 4), y: at(2, 4), m: at(5, 7), n: +at(5, 7), b: month, d: at(8, 10), e: +at(8, 10), a: name,
        H: at(11, 13), h: +at(11, 13), M: at(14, 16), S: at(17, 19), 3: at(20, 23)};
      return String(form).replace(/%([YymnbdeaHhMS3])/g, (all, part) => parts[part]);
    },
    // =
  }],
  [number, {
    // = <
    '<': (a, b) => a < b,
    // = <=
    '<=': (a, b) => a <= b,
    // = >
    '>': (a, b) => a > b,
    // = >=
    '>=': (a, b) => a >= b,
    // = +
    '+': (...all) => all.reduce((a, b) => a + b),
    // = -
    '-': (a, b) => a - b,
    // = *
    '*': (...all) => all.reduce((a, b) => a * b),
    // = div
    div: (a, b) => a / b,
    // = mod
    mod: (a, b) => a % b,
    // = neg
    neg: x => -x,
    // = number
    number,
    // = int
    int: x => Math.trunc(x) + 0,
    // = round
    round(x, places = 0) {
      places = Math.trunc(places);
      return isFinite(x) ? Math.abs(places) <= 30 ? shift(Math.round(shift(x, places)), -places) : NaN : x;
    },
    // = abs
    abs: Math.abs,
    // = pow
    pow: Math.pow,
    // = sqrt
    sqrt: Math.sqrt,
    // = exp
    exp: Math.exp,
    // = exp10
    exp10: x => Math.pow(10, x),
    // = log
    log: Math.log,
    // = log10
    log10: Math.log10,
    // = sin
    sin: Math.sin,
    // = cos
    cos: Math.cos,
    // = tan
    tan: Math.tan,
    // = asin
    asin: Math.asin,
    // = acos
    acos: Math.acos,
    // = atan
    atan: Math.atan,
    // = atan2
    atan2: Math.atan2,
    // = pi
    pi: () => Math.PI,
    // = random
    random: () => Math.random(),
    // = uuid
    uuid: length => length === undefined
      ? 'xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx'.replace(/[xy]/g, x =>
        Math.floor(x == 'x' ? Math.random() * 16 : Math.random() * 4 + 8).toString(16))
      : Array.from(Array(Math.max(0, Math.min(100, Math.trunc(length) || 0))), () =>
        Math.floor(Math.random() * 36).toString(36).toUpperCase()).join(''),
    // =
  }],
  [String, {
    // = string
    string: String,
    // = concat
    concat: (...all) => cut(all.join('')),
    // = join
    join: (by, ...all) => cut(all.join(by)),
    // = contains
    contains: (a, b) => a.includes(b),
    // = starts-with
    'starts-with': (a, b) => a.startsWith(b),
    // = ends-with
    'ends-with': (a, b) => a.endsWith(b),
    // = substring-before
    'substring-before': (a, b) => a.slice(0, Math.max(0, a.indexOf(b))),
    // = substring-after
    'substring-after': (a, b) => a.includes(b) ? a.slice(a.indexOf(b) + b.length) : '',
    // = string-length
    'string-length': x => [...x].length,
    // = normalize-space
    'normalize-space': x => trim(x).replace(/[ \t\r\n]+/g, ' '),
    // = translate
    translate: (x, from, to) => [...x].map(letter => {
      const at = [...from].indexOf(letter);
      return at < 0 ? letter : [...to][at] || '';
    }).join(''),
    // = selected
    selected: (a, b) => a.split(' ').includes(trim(b)),
    // = count-selected
    'count-selected': x => words(x).length,
    // = regex
    regex: (a, b) => [...a].length <= 250 && RegExp(`^(?:${b})$`, 'u').test(a),
    // = boolean-from-string
    'boolean-from-string': x => /^(1|true)$/i.test(x),
    // = today
    today: () => local(new Date()).slice(0, 10),
    // = now
    now: () => local(new Date()),
    // = base64-decode
    'base64-decode'(x) {
      try {
        return decodeURIComponent(escape(atob(x)));
      } catch (e) {
        return '';
      }
    },
    // = digest
    // Left to the server.
    digest: () => '',
    // = distance
    distance: (...all) => centi(all[0] === undefined ? 0 : points(all).reduce((sum, [north, east], at, way) => {
      const [south, west] = way[at - 1] || [north, east];
      const a = Math.sin((north - south) / 2), b = Math.sin((east - west) / 2);
      return sum + 12756200 * Math.asin(Math.sqrt(Math.min(1, a * a + Math.cos(south) * Math.cos(north) * b * b)));
    }, 0)),
    // = area
    area: (...all) => centi(all[0] === undefined ? 0 : Math.abs(points(all).reduce((sum, [south, west], at, way) => {
      const [north, east] = way[at + 1] || way[0];
      return sum + (east - west) * (2 + Math.sin(south) + Math.sin(north));
    }, 0)) * 6378100 * 6378100 / 2),
    // =
  }],
];
// = format-date-time
functions[0][1]['format-date-time'] = functions[0][1]['format-date'];
// =

const outside = (row, up) => up ? outside(row.outer, up - 1) : row;
// = # $* in
const inside = (rows, repeats) => repeats.reduce((all, repeat) => [].concat(...all.map(row => row.rows[repeat] || [])), rows);
// = $* of
const answers = (rows, path) => rows.map(({values}) => values[path] || '');
// =

// What a tree can hold beside functions.
const special = {
  $: (row, up, path) => outside(row, up).values[path] || '',
  // = #
  '#': (row, up, repeats) => inside([outside(row, up)], repeats),
  // = $*
  '$*': (row, up, path) => answers(inside([outside(row, up)], path.slice(0, -1)), path[path.length - 1]),
  // = in
  in: (row, rows, repeats) => inside(evaluate(rows, row), repeats),
  // = of
  of: (row, rows, path) => answers(evaluate(rows, row), path),
  // = first
  first: (row, all) => evaluate(all, row)[0] || '',
  // = where
  where: (row, rows, test) => evaluate(rows, row).filter((one, index) => {
    const kept = evaluate(test, Object.assign({}, one, {outer: row, index}));
    return typeof kept == 'number' ? kept == index + 1 : kept;
  }),
  // = list
  list(row, name) {
    const columns = Object.keys(lists[name]);
    return lists[name][columns[0]].map((x, index) => {
      const values = {};
      columns.forEach(column => { values[column] = lists[name][column][index]; });
      return {values, rows: {}};
    });
  },
  // =
};

function evaluate(tree, row) {
  if (!Array.isArray(tree)) return tree;
  const [name, ...parts] = tree;
  if (special[name]) return special[name](row, ...parts);
  const [read, table] = functions.find(([, table]) => table[name]);
  return table[name](...[].concat(...parts.map(part => evaluate(part, row))).map(x => read(x)));
}
