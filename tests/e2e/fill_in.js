// Fills in a form page as somebody would who cannot make up their mind: pass(numbers) does at random what can be done
// to what is seen, report() says what the page makes of it. `page` is what the page's script lets tests look at.
'use strict';

const look = part => part.offsetParent !== null && !part.disabled && !part.readOnly;
const told = (part, ...names) => names.forEach(name => part.dispatchEvent(new Event(name, {bubbles: true})));
const TEXTS = ['', 'a', 'red', 'yes', 'Tom e', '12', '  b ', '𠮷田', '2024-02-29', 'e-e', 'true', 'none green'];
const NUMBERS = ['', '0', '1', '2', '3', '3', '7', '-1', '10', '０２', '+2', '007', '2.0'];
const DECIMALS = [...NUMBERS, '2.50', '0.1', '-0.0', '3.14'];
const BY_TYPE = {
  date: ['', '2024-02-29', '2026-11-23', '2026-11-22', '1999-12-31'],
  month: ['', '2024-02', '2026-11'],
  time: ['', '08:30', '23:59', '00:00', '12:15:30'],
  'datetime-local': ['', '2026-11-23T08:30', '2024-02-29T00:00'],
};

function valuesFor(field) {
  if (BY_TYPE[field.type]) return BY_TYPE[field.type];
  if (field.maxLength == 4) return ['', '2024', '1999'];
  if (field.type == 'number') {
    const values = [''];
    for (let value = +field.min; value <= +field.max; value += +field.step) values.push(String(value));
    return values;
  }
  if ('number' in field.dataset) return field.inputMode == 'decimal' ? DECIMALS : NUMBERS;
  if (/^38\./.test(field.placeholder)) return ['', '38.8 115.1', '-33.5 -70 12 5', '38.84 115.13'];
  return TEXTS;
}

function pass(numbers) {
  let drawn = 0;
  const chance = () => numbers[drawn++ % numbers.length];
  const pick = list => list[Math.floor(chance() * list.length)];
  const done = new Set();
  // What an action makes appear is filled in, too.
  for (let round = 0; round < 3; round++) {
    for (const field of [...form().querySelectorAll('input,select,textarea,button')]) {
      if (done.has(field) || !field.isConnected || !look(field)) continue;
      if (field.matches('.row *') || field.type != 'submit') done.add(field);
      if (chance() < (round ? .5 : .25)) continue;
      act(field, chance, pick);
    }
  }
}
const form = () => document.querySelector('#_form form');

function act(field, chance, pick) {
  if (field.type == 'submit') {
    const [action, path] = field.value.split(':');
    if (path && chance() < (action == 'add' ? .5 : .2)) field.click();
  } else if (field.type == 'button') {
    if (field.closest('.order') && chance() < .3) field.click();
  } else if (field.type == 'checkbox') {
    if (chance() < .6) field.click();
  } else if (field.type == 'radio') {
    const others = [...form().querySelectorAll(`[name="${field.name}"]`)].filter(look);
    pick(others).click();
  } else if (field.type == 'range' || field.type == 'search') {
    if (chance() < .2) {
      field.value = field.type == 'range' ? pick([field.min, field.max]) : pick(['', 'Town', '3', 'nothing']);
      told(field, 'input', 'change');
    }
  } else if (field.tagName == 'SELECT') {
    field.value = pick([...field.options].map(option => option.value));
    told(field, 'input', 'change');
  } else {
    field.value = pick(valuesFor(field));
    told(field, 'input', 'change');
  }
}

// Answers as sent; what the page takes them for, by path with rows closed up; where something is wrong; texts shown.
function report() {
  const {root, pairs, missing, findMore, nest, levels, isOff} = page();
  const values = {}, at = {};
  const walk = (row, prefix) => {
    at[prefix] = row.at;
    Object.entries(row.values).forEach(([path, value]) => {
      if (value !== '' && path[0] != '_' && !isOff(row, path)) values[prefix + path] = value;
    });
    Object.entries(row.rows).forEach(([path, rows]) =>
      rows.forEach((inner, index) => walk(inner, `${prefix}${path}.${index}.`)));
  };
  walk(root, '');
  const texts = {};
  document.querySelectorAll('#_form [data-o]').forEach(part => {
    const around = part.closest('.q');
    if (!around.getClientRects().length || !page().isIn(around)) return;
    const id = around.id || around.querySelector('input[id],select[id],textarea[id]').id;
    (texts[id] = texts[id] || []).push(part.textContent);
  });
  const sent = JSON.stringify(nest(pairs()));
  return {
    answers: sent,
    values,
    at,
    problems: [...new Set(missing().concat(findMore()).map(([path]) => path))].sort(),
    texts,
    isKept: isKept(sent),
  };
}

// Whether the page comes to the same answers when they are taken out and put in again, as a draft is.
function isKept(sent) {
  const {pairs, nest, clear, fill} = page(), given = pairs();
  clear();
  fill(given);
  const again = JSON.stringify(nest(pairs()));
  return again == sent || again;
}
