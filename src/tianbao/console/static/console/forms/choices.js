// The choices of a question: one field a language, Enter for the next, many at once from a spreadsheet.

import {byId, config, h, say, textIn, words} from './dom.js';
import {act, draft, editQuestion, questionAt, walk} from './draft.js';
import {pictureSlots} from './pictures.js';

const SHOWN_MAX = 60;
const GIVEN_NAME = /^choice(_\d+)?$/;

let search = '';
let searchedAt = null;
let isPictured = false;

const hasPicture = choice => Object.keys(choice.image || {}).length > 0;
const listOf = (question, definition = draft.definition) => definition.lists[question.choice_list] || [];

export function choicesBox(question, show) {
  const all = listOf(question);
  if (searchedAt !== draft.selected) {
    search = '';
    isPictured = all.some(hasPicture);
    searchedAt = draft.selected;
  }
  const found = all.map((choice, index) => ({choice, index}))
    .filter(({choice}) => !search || Object.values(choice.label).some(text => text.toLowerCase().includes(search)));
  const shown = found.slice(0, SHOWN_MAX);
  const others = walk().filter(({path, question: other}) => other.choice_list === question.choice_list && path !== draft.selected);
  return h(
    'fieldset', {class: 'box choices', 'data-field': 'choices'},
    h('legend', {}, `${words.choices} (${all.length})`),
    others.length > 0 && h('p', {class: 'hint'}, say(words.shared, {questions: others.map(({question: other}) => textIn(other.label)).join(', ')})),
    all.length > SHOWN_MAX && h('input', {
      type: 'search', 'data-key': 'choice-search', placeholder: words.search, 'aria-label': words.search, value: search,
      oninput: event => { search = event.target.value.trim().toLowerCase(); show(); },
    }),
    h('ol', {class: 'choice-list'}, shown.map(({choice, index}) => row(question, choice, index, all.length, show))),
    found.length > shown.length && h('p', {class: 'hint'}, say(words.choicesMore, {count: found.length - shown.length})),
    h(
      'div', {class: 'actions'},
      h('button', {type: 'button', class: 'button button-quiet button-small', 'data-key': 'choice-add', onclick: () => add(question, show)}, '+ ', words.addChoice),
      h('button', {type: 'button', class: 'button button-quiet button-small', onclick: openPaste}, words.paste),
      !isPictured && h('button', {type: 'button', class: 'button button-quiet button-small', onclick: () => { isPictured = true; show(); }}, words.choicePictures),
    ),
  );
}

function row(question, choice, index, count, show) {
  const canStandAlone = question.type === 'select_multiple';
  return h(
    'li', {class: 'choice-row'},
    h('div', {class: 'choice-texts'}, draft.definition.languages.map(language => h('input', {
      type: 'text', lang: language, dir: 'auto', 'data-key': `choice:${index}:${language}`, maxlength: 500,
      'aria-label': `${say(words.choice, {number: index + 1})} · ${config.languageNames[language] || language}`,
      placeholder: config.languageNames[language] || language, value: choice.label[language] || '',
      onfocus: event => { if (GIVEN_NAME.test(choice.name)) event.target.select(); },
      oninput: event => write(index, language, event.target.value),
      onchange: () => name(index),
      onkeydown: event => press(event, question, index, language, show),
      onblur: event => leave(event, index, show),
      onpaste: event => pasteInto(event),
    }))),
    (isPictured || hasPicture(choice)) && h('div', {class: 'pictures'}, pictureSlots(
      choice.image || {}, textIn(choice.label) || say(words.choice, {number: index + 1}), `choice-image:${index}`,
      (language, name) => change(null, choices => {
        choices[index].image = {...choices[index].image, [language]: name};
        if (!name) delete choices[index].image[language];
      }), show,
    )),
    h(
      'div', {class: 'choice-tools'},
      canStandAlone && h('label', {class: 'alone', title: words.exclusive}, h('input', {
        type: 'checkbox', checked: Boolean(choice.exclusive), 'data-key': `alone:${index}`,
        onchange: event => change(`alone:${index}`, choices => { choices[index].exclusive = event.target.checked; }),
      }), words.exclusive),
      tool(words.up, '↑', index === 0, () => shift(index, -1, show)),
      tool(words.down, '↓', index === count - 1, () => shift(index, 1, show)),
      tool(words.remove, '✕', false, () => { change(null, choices => choices.splice(index, 1)); show(); }),
    ),
  );

  function tool(text, sign, disabled, does) {
    const about = textIn(choice.label) || say(words.choice, {number: index + 1});
    return h('button', {type: 'button', class: 'tool', disabled, 'aria-label': `${text}: ${about}`, title: text, 'data-key': `choice-${sign}:${index}`, onclick: does}, sign);
  }
}

const change = (key, apply) => editQuestion(key, (question, definition) => apply(listOf(question, definition)));
const write = (index, language, text) => change(`choice:${index}:${language}`, choices => {
  if (!choices[index]) return;
  choices[index].label = {...choices[index].label, [language]: text};
  if (!text) delete choices[index].label[language];
});

// A choice that has only the name it came with gets one from its label.
function name(index) {
  const choice = listOf(questionAt(draft.selected))[index];
  if (choice && GIVEN_NAME.test(choice.name)) act({do: 'choice_name', path: draft.selected, choice: choice.name}, {quiet: true, follows: true});
}

function add(question, show) {
  change(null, choices => choices.push({name: unusedName(choices), label: {}}));
  show();
  focus(listOf(questionAt(draft.selected)).length - 1, draft.definition.languages[0]);
}

// A choice that was added and left empty goes again.
function leave(event, index, show) {
  const row = event.target.closest('.choice-row');
  const choices = listOf(questionAt(draft.selected) || {});
  if (row.contains(event.relatedTarget) || choices.length < 2 || !choices[index] || textIn(choices[index].label) || hasPicture(choices[index])) return;
  change(null, all => all.splice(index, 1));
  setTimeout(show);
}

function unusedName(choices) {
  let number = choices.length + 1;
  while (choices.some(choice => choice.name === `choice_${number}`)) number += 1;
  return `choice_${number}`;
}

function focus(index, language) {
  const input = document.querySelector(`[data-key="choice:${index}:${CSS.escape(language)}"]`);
  if (input) input.focus();
}

function shift(index, by, show) {
  change(null, choices => choices.splice(index + by, 0, ...choices.splice(index, 1)));
  show();
  document.querySelector(`[data-key="choice-${by < 0 ? '↑' : '↓'}:${index + by}"]`)?.focus();
}

function press(event, question, index, language, show) {
  if (event.isComposing) return;
  if (event.key === 'Enter' && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    if (index + 1 < listOf(questionAt(draft.selected)).length) focus(index + 1, language);
    else add(question, show);
  } else if (event.altKey && (event.key === 'ArrowUp' || event.key === 'ArrowDown')) {
    event.preventDefault();
    const to = index + (event.key === 'ArrowUp' ? -1 : 1);
    if (to < 0 || to >= listOf(questionAt(draft.selected)).length) return;
    shift(index, to - index, show);
    focus(to, language);
  } else if (event.key === 'Backspace' && !event.target.value && index > 0) {
    event.preventDefault();
    focus(index - 1, language);
  }
}

function pasteInto(event) {
  const text = event.clipboardData.getData('text/plain');
  if (!/[\r\n]/.test(text.trim())) return;
  event.preventDefault();
  act({do: 'choices', path: draft.selected, lines: text});
}

// --- many at once

const dialog = byId('pasting');
const lines = byId('pasting-lines');

function openPaste() {
  lines.value = '';
  dialog.showModal();
  lines.focus();
}

byId('pasting-do').addEventListener('click', () => {
  dialog.close();
  if (lines.value.trim()) act({do: 'choices', path: draft.selected, lines: lines.value});
});
byId('pasting-close').addEventListener('click', () => dialog.close());
