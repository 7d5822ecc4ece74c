// node evaluate.js EXPRESSIONS.JS: answers each line of standard input, {"tree", "answers"}, with one line: the value
// that the page's evaluator gives it. JSON has no infinities and no NaN, so these are {"number": "Infinity"} and so on.
'use strict';
const { readFileSync } = require('fs');
const { createInterface } = require('readline');

const evaluate = new Function(readFileSync(process.argv[2], 'utf8') + '\nreturn evaluate;')();

createInterface({ input: process.stdin }).on('line', line => {
  const { tree, answers } = JSON.parse(line);
  const value = evaluate(tree, name => answers[name] || '');
  const isPlain = typeof value != 'number' || isFinite(value);
  console.log(JSON.stringify(isPlain ? value : { number: String(value) }));
});
