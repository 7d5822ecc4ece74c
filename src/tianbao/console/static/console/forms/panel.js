// The middle of the designer: everything about the question that is selected, or the form's title and languages.

import {byId, config, h, refill, say, textIn, words} from './dom.js';
import {act, draft, edit, editQuestion, isContainer, questionAt} from './draft.js';
import {choicesBox} from './choices.js';
import {conditionBox, limitsOf, sendLimits} from './conditions.js';
import {kindName, remove} from './outline.js';
import {pictureSlots} from './pictures.js';

const panel = byId('panel');
const UNASKED = ['note', 'group', 'repeat', 'calculate', 'hidden', 'start', 'end', 'today', 'deviceid', 'username', 'phonenumber'];
const WITHOUT_LABEL = ['calculate', 'hidden', 'start', 'end', 'today', 'deviceid', 'username', 'phonenumber'];
const published = new Set(config.published);
const openDetails = new Set();

const languageName = language => config.languageNames[language] || language;

export function showPanel() {
  if (draft.selected === null) return refill(panel, nothingSelected());
  refill(panel, draft.selected === '' ? formSettings() : questionSettings(draft.selected));
  showProblems();
}

// What is wrong is said again after every save, beside its field where there is one.
export function showProblems() {
  panel.querySelectorAll('.condition').forEach(box => box.refresh());
  panel.querySelectorAll('.field-problem').forEach(part => part.remove());
  const general = panel.querySelector('.panel-problems');
  if (!general) return;
  general.replaceChildren();
  for (const problem of draft.problems.filter(one => one.path === draft.selected)) {
    const line = h('p', {class: problem.isNotice ? 'field-problem soft' : 'field-problem problem'}, problem.text);
    const beside = problem.field && panel.querySelector(`[data-field="${CSS.escape(problem.field)}"]`);
    (beside || general).append(line);
  }
  const name = byId('question-name');
  const question = draft.selected && questionAt(draft.selected);
  if (name && question && document.activeElement !== name) name.value = question.name;
}

// `typed` takes the place of the label, as if somebody had typed it there.
export function focusLabel(typed = '') {
  const field = panel.querySelector('.label-field textarea');
  if (!field) return;
  field.focus();
  field.select();
  if (typed) document.execCommand('insertText', false, typed);
}

const nothingSelected = () => h('p', {class: 'panel-empty soft'}, draft.definition.questions.length ? '←' : words.empty);

// --- texts

// One text in every language, side by side. `field` is a field of the question (or of the form).
function textBox(field, title, {rows = 1, always = true, onblur = null, ofForm = false} = {}) {
  const holder = () => (ofForm ? draft.definition : questionAt(draft.selected));
  const text = holder()[field] || {};
  const languages = draft.definition.languages;
  if (!always && !Object.values(text).some(Boolean) && !openDetails.has(field)) {
    return h('button', {
      type: 'button', class: 'link', 'data-key': `open:${field}`,
      onclick: () => { openDetails.add(field); showPanel(); panel.querySelector(`[data-field="${field}"] textarea`)?.focus(); },
    }, '+ ', title);
  }
  const before = {...text};
  return h(
    'fieldset', {class: field === 'label' ? 'box texts label-field' : 'box texts', 'data-field': field},
    h('legend', {}, title),
    h('div', {class: 'languages'}, languages.map(language => h(
      'label', {class: 'language'},
      languages.length > 1 && h('span', {class: 'language-name'}, languageName(language)),
      h('textarea', {
        rows, lang: language, dir: 'auto', 'data-key': `${field}:${language}`, maxlength: 5000,
        'aria-label': `${title} · ${languageName(language)}`, value: text[language] || '',
        oninput: event => {
          const value = event.target.value.replace(/\n/g, field === 'label' || ofForm ? ' ' : '\n');
          const put = owner => {
            owner[field] = {...owner[field], [language]: value};
            if (!value) delete owner[field][language];
          };
          if (ofForm) edit(`${field}:${language}`, put);
          else editQuestion(`${field}:${language}`, put);
        },
        onkeydown: event => {
          if (event.key === 'Enter' && !event.isComposing && (field === 'label' || ofForm)) {
            event.preventDefault();
            const all = [...panel.querySelectorAll('textarea, input, select')];
            all[all.indexOf(event.target) + 1]?.focus();
          }
        },
        onchange: () => { if (onblur) onblur(textIn(before) || Object.values(before)[0] || ''); },
      }),
    ))),
  );
}

function pictureBox(image) {
  const put = (language, name) => editQuestion(null, question => {
    question.image = {...question.image, [language]: name};
    if (!name) delete question.image[language];
  });
  const slots = pictureSlots(image, '', 'image', put, showPanel);
  const isEmpty = !Object.keys(image).length;
  return h('div', {class: isEmpty ? '' : 'box', 'data-field': 'image'}, h('div', {class: 'pictures'}, slots));
}

const followLabel = was => act({do: 'name', path: draft.selected, was}, {quiet: true, follows: true});

// --- one question

function questionSettings(path) {
  const question = questionAt(path);
  const {type} = question;
  const labelled = !WITHOUT_LABEL.includes(type);
  const title = {note: words.labelNote, group: words.labelSection, repeat: words.labelSection}[type] || words.label;
  const labels = Object.values(question.label || {});
  return h(
    'div', {class: 'panel-inner'},
    h(
      'div', {class: 'panel-head'},
      kindBox(path, question),
      h('button', {type: 'button', class: 'button button-quiet button-small', onclick: () => act({do: 'duplicate', path: draft.selected})}, words.copy),
      h('button', {type: 'button', class: 'button button-danger button-small', onclick: () => remove(draft.selected)}, words.remove),
    ),
    h('div', {class: 'panel-problems', role: 'status'}),
    textBox('label', labelled ? title : words.name, {rows: type === 'note' ? 3 : 1, onblur: () => followLabel(labels[0] || '')}),
    labelled && textBox('hint', words.addHint, {always: false, rows: 2}),
    labelled && pictureBox(question.image || {}),
    !UNASKED.includes(type) && h('label', {class: 'choice', 'data-field': 'required'}, h('input', {
      type: 'checkbox', checked: Boolean(question.required), 'data-key': 'required',
      onchange: event => editQuestion(null, found => { found.required = event.target.checked; }),
    }), h('span', {}, words.required)),
    question.choice_list && choicesBox(question, showPanel),
    limits(path, question),
    type === 'calculate' && h(
      'fieldset', {class: 'box', 'data-field': 'calculation'},
      h('legend', {}, words.calculation),
      h('p', {class: 'hint'}, words.calculationHelp),
      lineBox('calculation', {class: 'code', 'aria-label': words.calculation, spellcheck: 'false'}),
    ),
    conditionBox('relevant', words.relevant),
    more(path, question),
  );
}

function kindBox(path, question) {
  const current = draft.kinds[path];
  const family = isContainer(question) ? ['section', 'rows'] : config.kinds.map(kind => kind.key).filter(key => !['section', 'rows'].includes(key));
  if (!current) return h('p', {class: 'panel-kind'}, kindName(path, question));
  const options = shelf => config.kinds.filter(kind => kind.shelf === shelf && family.includes(kind.key) && (kind.key !== 'yes_no' || current === 'yes_no'));
  return h(
    'label', {class: 'panel-kind', 'data-field': 'type'},
    h('span', {class: 'visually-hidden'}, words.kind),
    h(
      'select', {'data-key': 'kind', onchange: event => act({do: 'kind', path: draft.selected, kind: event.target.value})},
      Object.entries(config.shelves).filter(([shelf]) => options(shelf).length).map(([shelf, name]) => h(
        'optgroup', {label: name},
        options(shelf).map(kind => h('option', {value: kind.key, selected: kind.key === current}, kind.words[0])),
      )),
    ),
  );
}

// A plain field of the question. Empty is no value at all.
function lineBox(field, attributes = {}, read = value => value) {
  const value = questionAt(draft.selected)[field];
  return h('input', {
    type: 'text', 'data-key': field, value: value === undefined || value === null ? '' : String(value), ...attributes,
    oninput: event => editQuestion(field, question => {
      const given = event.target.value === '' ? undefined : read(event.target.value);
      if (given === undefined || Number.isNaN(given)) delete question[field];
      else question[field] = given;
    }),
  });
}

const labelled = (text, field, box) => h('label', {class: 'short', 'data-field': field}, h('span', {class: 'label'}, text), box);
const number = (field, attributes = {}) => lineBox(field, {type: 'number', ...attributes}, Number);

function limits(path, question) {
  const {type} = question;
  if (type === 'range') {
    return h(
      'fieldset', {class: 'box'}, h('legend', {}, words.limits),
      h('div', {class: 'pair'}, labelled(words.scaleFrom, 'minimum', number('minimum', {step: 'any'})), labelled(words.scaleTo, 'maximum', number('maximum', {step: 'any'}))),
    );
  }
  if (type === 'repeat') {
    return h('fieldset', {class: 'box'}, h('legend', {}, words.limits), labelled(words.rowsMax, 'rows_max', number('rows_max', {min: 1, max: 1000, step: 1})));
  }
  if (!['integer', 'decimal', 'date'].includes(type)) return null;
  const found = limitsOf(path);
  if (!found) return null;
  const send = changed => sendLimits(draft.selected, {...limitsOf(draft.selected), ...changed}).then(at => { if (at !== null && type === 'date') showPanel(); });
  const tick = (name, text) => h('label', {class: 'choice'}, h('input', {
    type: 'checkbox', checked: found[name] === 'today', 'data-key': `limit:${name}`,
    onchange: event => send({[name]: event.target.checked ? 'today' : ''}),
  }), h('span', {}, text));
  const bound = (name, text) => h('label', {class: 'short'}, h('span', {class: 'label'}, text), h('input', {
    type: 'number', step: 'any', 'data-key': `limit:${name}`, value: found[name] || '', onchange: event => send({[name]: event.target.value}),
  }));
  if (type === 'date' && Object.values(found).some(value => value !== 'today')) return null;
  return h(
    'fieldset', {class: 'box', 'data-field': 'constraint'},
    h('legend', {}, words.limits),
    type === 'date'
      ? [tick('at_least', words.notPast), tick('at_most', words.notFuture)]
      : h('div', {class: 'pair'}, bound('at_least', words.from), bound('at_most', words.to)),
    question.constraint && textBox('constraint_message', words.limitSays, {always: false}),
  );
}

function more(path, question) {
  const {type} = question;
  const isAsked = !UNASKED.includes(type);
  const hasOwnLimits = ['integer', 'decimal', 'date'].includes(type) && limitsOf(path);
  return h(
    'details', {class: 'box more', open: openDetails.has('more'), ontoggle: event => openDetails[event.target.open ? 'add' : 'delete']('more')},
    h('summary', {}, words.more),
    h(
      'label', {class: 'field', 'data-field': 'name'},
      h('span', {class: 'label'}, words.name),
      published.has(path) && h('span', {class: 'hint'}, words.namePublished),
      h('input', {
        type: 'text', id: 'question-name', class: 'code', 'data-key': 'name', maxlength: 64, spellcheck: 'false', autocomplete: 'off', value: question.name,
        onchange: event => act({do: 'rename', path: draft.selected, name: event.target.value}),
      }),
    ),
    isAsked && conditionBox('required_if', config.fields.required_if),
    isAsked && !hasOwnLimits && h(
      'fieldset', {class: 'box', 'data-field': 'constraint'},
      h('legend', {}, words.limits),
      lineBox('constraint', {class: 'code', 'aria-label': words.limits, spellcheck: 'false'}),
      question.constraint && textBox('constraint_message', words.limitSays, {always: false}),
    ),
    type === 'text' && labelled(words.lengthMax, 'length_max', number('length_max', {min: 1, max: 10000, step: 1})),
    isAsked && !['image', 'file', 'acknowledge'].includes(type) && labelled(words.default, 'default', lineBox('default')),
    isAsked && h('label', {class: 'choice'}, h('input', {
      type: 'checkbox', checked: question.carried !== false, 'data-key': 'carried',
      onchange: event => editQuestion(null, found => { found.carried = event.target.checked; }),
    }), h('span', {}, words.carried)),
    textBox('guidance', words.guidance, {always: false, rows: 3}),
  );
}

// --- the form itself

function formSettings() {
  const {languages} = draft.definition;
  const addable = Object.entries(config.languageNames).filter(([language]) => !languages.includes(language));
  return h(
    'div', {class: 'panel-inner'},
    h('div', {class: 'panel-problems', role: 'status'}),
    textBox('title', words.title, {ofForm: true}),
    h(
      'fieldset', {class: 'box', 'data-field': 'languages'},
      h('legend', {}, words.languages),
      h('ul', {class: 'plain'}, languages.map(language => h(
        'li', {class: 'language-line'},
        h('span', {lang: language}, languageName(language)), h('span', {class: 'soft'}, missing(language)),
        languages.length > 1 && h('button', {
          type: 'button', class: 'button button-quiet button-small', title: words.removeLanguageSure,
          onclick: () => act({do: 'remove_language', language, at: ''}),
        }, say(words.removeLanguage, {language: languageName(language)})),
      ))),
      addable.length > 0 && h(
        'select', {'aria-label': words.addLanguage, 'data-key': 'add-language', onchange: event => act({do: 'add_language', language: event.target.value, at: ''})},
        h('option', {value: ''}, words.addLanguage),
        addable.map(([language, name]) => h('option', {value: language, lang: language}, name)),
      ),
    ),
  );
}

function missing(language) {
  const lacks = text => Object.values(text || {}).some(Boolean) && !(text || {})[language];
  const {definition} = draft;
  const inQuestions = level => (level || []).reduce((sum, question) => sum + lacks(question.label) + lacks(question.hint) + inQuestions(question.questions), 0);
  const inLists = Object.values(definition.lists).flat().filter(choice => lacks(choice.label)).length;
  const count = inQuestions(definition.questions) + inLists + lacks(definition.title);
  return count ? say(words.missing, {count, language: languageName(language)}) : '';
}
