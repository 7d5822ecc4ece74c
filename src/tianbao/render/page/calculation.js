// Keeps everything that depends on answers up to date: what is asked at all, what is worked out, which choices there
// are, what is required and what does not fit. On a change only what asks for it is worked out again, in the order in
// which the server does it (docs/adr/0007).
//
// PLAN is {levels, rules, asked, lists}: levels as [the level around, path in it], rules as [level, path, kind, tree,
// more] in their order, by template path the rules that ask for it as [rule, how many levels up it looks, …], and the
// columns of choices. A row is what domain.evaluation has, and what the page needs beside it: `part`, its element;
// `at`, how the names of its fields begin; `all`, the rows of repeats that are left empty, too; `off`, what does not
// apply by its own condition. A page carries only the parts for the kinds of rules that it has.

const {levels, rules, asked, lists} = PLAN;
const waiting = rules.map(() => new Set());
let root, isFilled;

const rowAt = part => (rowOf(part) || {row: root}).row;
// What shows a question; of one that nobody sees, the field that carries its answer.
const partOf = (row, path) => {
  const field = byId(row.at + path);
  return field && (field.type == 'hidden' ? field : field.closest('.q'));
};
const pathOf = field => field.name.slice(rowAt(field).at.length);
const template = (level, path) => level ? template(...levels[level]) + '.' + path : path;
const isOff = (row, path) => path.split('.').some((part, index, parts) => row.off[parts.slice(0, index + 1).join('.')])
  || row.outer && isOff(row.outer, levels[row.level][1]);

// An answer as the server writes it.
function written(field) {
  const {type, value, dataset, maxLength} = field;
// = codes
  // Of a list that the page does not hold, the choice that was picked for the text.
  const [code] = field.parentNode.dataset.from ? fields(field.name + '.code') : [];
  if (code && code.value) return code.value;
// = times
  if (type == 'time' && !value[5] || type == 'datetime-local' && !value[16]) return value + ':00';
  if (type == 'month') return value + '-01';
  if (maxLength == 4) return value + '-01-01';
// =
  if (type != 'number' && !('number' in dataset)) return value;
  const half = value.replace(/[０-９．－／＋]/g, letter => String.fromCharCode(letter.charCodeAt() - 65248)).trim();
  return isNaN(half) ? value : String(+half);
}
const begins = kind => /initial|unset|calculation/.test(kind);
const said = list => list.filter(isSaid).map(written).join(' ');

// The rows of a level within a row.
const within = (row, level, which = 'all') => row.level == level ? [row]
  : [].concat(...within(row, levels[level][0], which).map(outer => outer[which][levels[level][1]] || []));

function touch(row, path) {
  const askers = asked[template(row.level, path)] || [];
  askers.forEach((rule, at) => {
    if (at % 2) return;
    let [level] = rules[rule], from = row;
    for (let up = askers[at + 1]; up--;) [level] = levels[level];
    while (from.level != level) from = from.outer;
    within(from, rules[rule][0]).forEach(found => waiting[rule].add(found));
  });
}

function setValue(row, path, value) {
  if (value == (row.values[path] || '')) return;
  row.values[path] = value;
  touch(row, path);
}

let judgeRows = () => {};
// = rows
// Which rows of a repeat count: as many as are asked for, else those that are not left empty.
function recount(outer, path) {
  const {count} = byId(outer.at + path).dataset, rows = [];
  if (!isOff(outer, path)) outer.all[path].forEach((row, index) => {
    row.index = rows.length;
    if (count ? index < count : !row.blank) rows.push(row);
  });
  outer.rows[path] = rows;
  touch(outer, path);
}

function listRows(outer, path) {
  const level = levels.findIndex(([around, own]) => around === outer.level && own == path);
  outer.all[path] = rowsOf(byId(outer.at + path))
    .map(part => part.row && part.row.outer == outer ? part.row : makeRow(level, outer, part, part.dataset.at));
  recount(outer, path);
}

// Whether a row and those around it are left empty; one that no longer is begins with what it begins with.
judgeRows = row => {
  for (; row.outer; row = row.outer) {
    const own = row, blank = isBlank(own.part);
    if (blank == own.blank) continue;
    own.blank = blank;
    if (!isFilled) rules.forEach(([level, , kind], rule) => { if (begins(kind) && level == own.level) waiting[rule].add(own); });
    recount(own.outer, levels[own.level][1]);
  }
};

// Does something with a repeat: the row it stands in and its path there.
const withRepeat = (repeat, action) => {
  const outer = rowAt(repeat.parentNode);
  action(outer, repeat.id.slice(outer.at.length));
};

// =
function hear(field) {
  const row = rowAt(field), path = pathOf(field);
  setValue(row, path, isOff(row, path) ? '' : said(fields(field.name, field.closest('.q') || row.part)));
  judgeRows(row);
}

function makeRow(level, outer, part, at) {
  const row = part.row = {level, outer, part, at, index: 0, values: {}, rows: {}, all: {}, off: {}, queries: {}}, answers = {};
  named(part).filter(field => rowAt(field) == (outer ? row : root)).forEach(field => {
    const path = field.name.slice(at.length);
    (answers[path] = answers[path] || []).push(field);
  });
  Object.keys(answers).forEach(path => { row.values[path] = said(answers[path]); });
  rules.forEach(([own, , kind], rule) => { if (own == level && kind != 'trigger') waiting[rule].add(row); });
// = rows
  row.blank = outer && isBlank(part);
  levels.forEach(([around, path]) => { if (around === level) listRows(row, path); });
// =
  return row;
}

// = calculation initial trigger unset
// What is worked out, as an answer (a number that is none is no answer), in the row and in the fields.
function give(row, path, tree) {
  const shown = byId(row.at + path), list = shown ? fields(row.at + path, shown.closest('.q') || row.part) : [];
  const found = evaluate(tree, row);
  let value = found == found ? String(found) : '';
  if (shown && 'number' in shown.dataset && !isFinite(value)) value = '';
// = coarse
  const coarse = shown && (shown.type == 'month' ? 7 : shown.maxLength == 4 && 4);
  if (coarse) value = value.length > 10 ? '' : value.slice(0, coarse);
// = calculation initial trigger unset
  const valuesFor = ({type}) => type == 'checkbox' ? value.split(' ') : [value];
// = fixed
  // Choices that cannot be changed only show what a hidden field beside them says.
  const fixed = shown && shown.disabled ? [...partOf(row, path).querySelectorAll('input:disabled,select')] : [];
  fixed.forEach(field => put(field, valuesFor(field)));
  if (fixed[0]) value = said(fixed);
// = calculation initial trigger unset
  const values = list[0] && valuesFor(list[0]);
  list.forEach(field => put(field, values));
  setValue(row, path, isOff(row, path) ? '' : list[0] && list[0].type != 'hidden' ? said(list) : value);
}

// =
const work = {
// = relevant
  relevant(row, path, tree) {
    const part = partOf(row, path), off = !evaluate(tree, row);
    if (row.off[path] === off) return;
    row.off[path] = off;
    if (part) {
      part.hidden = off;
// = hidden_rows
      [part, ...part.querySelectorAll('.repeat')].forEach(one => { if (one.matches('.repeat')) withRepeat(one, recount); });
// = relevant
      // Once an answer, whatever number of choices it has.
      (part.name ? [part] : named(part)).forEach((field, at, all) => { if (!at || all[at - 1].name != field.name) hear(field); });
    }
    touch(row, path);
  },
// = calculation trigger
  calculation(row, path, tree) {
    const field = byId(row.at + path), isOpen = field && isFree(field) && !field.disabled;
    if (isOpen && isFilled && row.values[path]) return;
    give(row, path, isOff(row, path) || isOpen && !isIn(row.part) ? '' : tree);
  },
// = initial unset
  unset(row, path, tree) {
    // As what is sent: blanks are no answer.
    if (!(row.values[path] || '').trim() && isIn(row.part)) give(row, path, tree);
  },
// = count
  count(row, path, tree, most) {
    const repeat = byId(row.at + path), count = Math.max(0, Math.min(most, Math.trunc(number(evaluate(tree, row))) || 0));
    repeat.dataset.count = count;
    repeat.classList.toggle('away', !count);
    while (rowsOf(repeat).length < count) addRow(repeat);
    rowsOf(repeat).forEach((part, index) => {
      part.hidden = index >= count;
      countRow(part, index);
    });
    listRows(row, path);
    judgeRows(row);
  },
// = choices
  choices(row, path, tree, list) {
    const all = fields(row.at + path, row.part);
    narrow(all, {fits(index) {
      const values = {};
      Object.entries(lists[list]).forEach(([column, cells]) => { values[column] = cells[index]; });
      return evaluate(tree, {values, outer: row, rows: {}, index});
    }});
    hear(all[0]);
  },
// = query
  // A list that the server filters is told the answers it depends on; when they change, the choice is made anew.
  query(row, path, trees, names) {
    const query = names.map((name, index) => `&${name}=${encodeURIComponent(evaluate(trees[index], row))}`).join('');
    if (path in row.queries && row.queries[path] != query) choose(byId(row.at + path), '', '');
    row.queries[path] = query;
  },
// = required
  required(row, path, tree) {
    partOf(row, path).classList.toggle('req', !!evaluate(tree, row));
  },
// = texts
  // The first of the elements for answers within texts are those of the part's own texts.
  texts(row, path, trees) {
    const places = partOf(row, path).querySelectorAll('[data-o]');
    trees.forEach((tree, index) => { places[index].textContent = evaluate(tree, row); });
  },
// = constraint
  constraint(row, path, tree) {
    if (byId(row.at + path + ':e')) check(row, path, tree);
  },
// =
};
// = trigger
work.trigger = (...given) => { if (!isFilled) work.calculation(...given); };
// = initial
// A page that comes filled in has its defaults already.
work.initial = (...given) => { if (!isFilled) work.unset(...given); };
// = query
dependsOn = field => rowAt(field).queries[pathOf(field)] || '';
// =

// As long as something waits. A later rule can make an earlier one wait again, so the passes have a limit.
function workOut() {
  for (let passes = 9; passes-- && waiting.some(rows => rows.size);) {
    rules.forEach(([, path, kind, ...given], rule) => {
      const rows = waiting[rule];
      waiting[rule] = new Set();
      rows.forEach(row => work[kind](row, path, ...given));
    });
  }
}

// = constraint
// The sentence that says that an answer does not fit.
const unfit = (row, path, tree) => !row.values[path] || isOff(row, path) || evaluate(tree, row) ? ''
  : sentence(partOf(row, path), 'fix', T.constraint);
const check = (row, path, tree) => mark(row.at + path, unfit(row, path, tree));
const constraints = rules.filter(([, , kind]) => kind == 'constraint');

findMore = () => [].concat(...constraints.map(([level, path, , tree]) =>
  within(root, level, 'rows').map(row => [row.at + path, unfit(row, path, tree)]).filter(([, message]) => message)));

// =
onChange(({type, target}) => {
  if (target == form) start(type == 'change');
// = rows
  else if (target.matches('.repeat')) {
    withRepeat(target, listRows);
    judgeRows(rowAt(target.parentNode));
  }
// =
  else if (target.name) hear(target);
// = calculation unset
  // What is worked out comes again when somebody empties it.
  if (type == 'change' && target.name) rules.forEach(([level, path, kind], rule) => {
    const row = rowAt(target);
    if (/calculation|unset/.test(kind) && level == row.level && row.at + path == target.name && !row.values[path]) waiting[rule].add(row);
  });
// =
  if (target != form) workOut();
// = constraint
  if (type == 'change' && target.name) constraints.forEach(([level, path, , tree]) => {
    const row = rowAt(target);
    if (level == row.level && row.at + path == target.name) check(row, path, tree);
  });
// =
});

function start(isNew) {
  root = undefined;
  isFilled = !isNew;
  root = makeRow(0, undefined, form, '');
  workOut();
  isFilled = false;
}
// What somebody wrote over a calculation stays on a page that comes filled in.
start(byId('_draft'));
