// What the page's evaluator makes of cases, in Node or in a browser: work(source)(case) is the value, with what JSON
// has no word for as {"number": "NaN"}. A case is {tree, root, route, choice, lists, now, random}: the root row as
// {values, rows}, the way to the row at hand as [[repeat, index], …], the columns of a choice in it if that is looked
// at, the moment in milliseconds, the next random numbers; with a source of its own, that one answers.
// node evaluate.js EXPRESSIONS.JS answers each line of standard input with one line.
'use strict';

function work(source) {
  let now = 0, random = [];
  const lists = {};
  class Clock extends Date {
    constructor(...given) {
      if (given.length) super(...given);
      else super(now);
    }
  }
  const chance = Object.create(Math, {random: {value: () => random.shift() || 0}});
  const evaluate = new Function('Date', 'Math', 'lists', source + '\nreturn evaluate;')(Clock, chance, lists);

  const rowOf = ({values, rows}, outer, index) => {
    const row = {values, outer, rows: {}, index};
    Object.keys(rows).forEach(path => { row.rows[path] = rows[path].map((one, at) => rowOf(one, row, at)); });
    return row;
  };

  return given => {
    if (given.source) return work(given.source)({...given, source: ''});
    now = given.now;
    random = [...given.random];
    Object.assign(lists, given.lists);
    const row = given.route.reduce((around, [path, index]) => around.rows[path][index], rowOf(given.root, null, 0));
    const {choice} = given;
    const value = evaluate(given.tree, choice ? {values: choice, outer: row, rows: {}, index: 0} : row);
    return typeof value != 'number' || isFinite(value) ? value : {number: String(value)};
  };
}

if (typeof process != 'undefined') {
  const answer = work(require('fs').readFileSync(process.argv[2], 'utf8'));
  require('readline').createInterface({input: process.stdin})
    .on('line', line => console.log(JSON.stringify(answer(JSON.parse(line)))));
}
