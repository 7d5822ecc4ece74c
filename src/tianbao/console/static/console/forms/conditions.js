// Conditions: picked as rows of question, comparison and value; the expression stands beside for those who want it.

import {config, h, refill, textIn, words} from './dom.js';
import {act, draft, editQuestion, questionAt, walk} from './draft.js';
import {labelOf} from './outline.js';

const NUMBERS = ['integer', 'decimal', 'range'];
const DATES = ['date', 'dateTime'];
const NUMBER_ROWS = ['is', 'is_not', 'less', 'at_most', 'more', 'at_least', 'answered', 'unanswered'];
const COMPARISONS = {
  select_one: ['is', 'is_not', 'answered', 'unanswered'],
  select_multiple: ['includes', 'includes_not', 'answered', 'unanswered'],
  integer: NUMBER_ROWS, decimal: NUMBER_ROWS, range: NUMBER_ROWS, date: NUMBER_ROWS, calculate: NUMBER_ROWS,
  text: ['is', 'is_not', 'answered', 'unanswered'], barcode: ['is', 'is_not', 'answered', 'unanswered'],
};
const WITHOUT_VALUE = ['answered', 'unanswered'];
const ANSWERLESS = ['note', 'group', 'repeat', 'start', 'end', 'today', 'deviceid', 'username', 'phonenumber', 'rank'];

// The box of the question that is selected, whatever it is called in the meantime.
export function conditionBox(field, title) {
  const box = h('fieldset', {class: 'box condition', 'data-field': field});
  let begun = null; // rows that are not complete yet wait here until they are

  const expression = () => questionAt(draft.selected)[field] || '';
  const show = () => {
    const text = expression();
    const picked = text ? (draft.picked[draft.selected] || {})[field] : undefined;
    const state = begun || (picked && {joined: picked.joined, rows: picked.rows.map(row => ({...row}))});
    const isTyped = Boolean(text) && !picked && !begun;
    const candidates = questionsFor(draft.selected);
    refill(
      box,
      h('legend', {}, title),
      choice('always', words.always, !state && !isTyped, () => { begun = null; send({joined: 'all', rows: []}); }),
      choice('if', words.onlyIf, Boolean(state) || isTyped, () => {
        begun = {joined: 'all', rows: [emptyRow()]};
        show();
        box.querySelector('select')?.focus();
      }),
      isTyped && h('p', {class: 'hint'}, words.typed),
      state && !candidates.length && h('p', {class: 'hint'}, words.noneBefore),
      state && candidates.length > 0 && rowsBox(state, candidates),
      (Boolean(text) || state) && expressionBox(text, isTyped),
      [...box.querySelectorAll(':scope > .field-problem')], // they stay until the next save says others
    );
  };

  const choice = (name, text, checked, onchange) => h(
    'label', {class: 'choice'},
    h('input', {type: 'radio', name: `${field}-when`, checked, onchange, 'data-key': `${field}:${name}`}), h('span', {}, text),
  );

  const rowsBox = (state, candidates) => h(
    'div', {class: 'condition-rows'},
    state.rows.length > 1 && h(
      'select', {
        'aria-label': title, 'data-key': `${field}:joined`,
        onchange: event => { state.joined = event.target.value; put(state); },
      },
      h('option', {value: 'all', selected: state.joined === 'all'}, words.all),
      h('option', {value: 'any', selected: state.joined === 'any'}, words.any),
    ),
    state.rows.map((row, index) => rowBox(state, row, index, candidates)),
    h('button', {
      type: 'button', class: 'button button-quiet button-small', 'data-key': `${field}:more`,
      onclick: () => { begun = {...state, rows: [...state.rows, emptyRow()]}; show(); },
    }, '+ ', words.addRow),
  );

  const rowBox = (state, row, index, candidates) => {
    const asked = candidates.find(candidate => candidate.question.name === row.question);
    const comparisons = asked ? COMPARISONS[asked.question.type] || WITHOUT_VALUE : [];
    return h(
      'div', {class: 'condition-row'},
      h(
        'select', {
          'aria-label': words.pickQuestion, 'data-key': `${field}:question:${index}`,
          onchange: event => {
            const next = candidates.find(candidate => candidate.question.name === event.target.value);
            Object.assign(row, emptyRow(), {question: event.target.value});
            if (next) row.comparison = (COMPARISONS[next.question.type] || WITHOUT_VALUE)[0];
            put(state);
          },
        },
        h('option', {value: '', selected: !row.question}, words.pickQuestion),
        row.question && !asked && h('option', {value: row.question, selected: true}, row.question),
        candidates.map(({question, number}) => h('option', {value: question.name, selected: question.name === row.question}, `${number}. ${labelOf(question)}`)),
      ),
      h(
        'select', {
          'aria-label': config.fields[field], disabled: !asked, 'data-key': `${field}:comparison:${index}`,
          onchange: event => { row.comparison = event.target.value; put(state); },
        },
        [...new Set([...comparisons, ...(row.comparison ? [row.comparison] : [])])].map(name => h('option', {value: name, selected: name === row.comparison}, config.comparisons[name])),
      ),
      asked && !WITHOUT_VALUE.includes(row.comparison) && valueBox(state, row, index, asked.question),
      h('button', {
        type: 'button', class: 'tool', title: words.remove, 'aria-label': words.remove, 'data-key': `${field}:remove:${index}`,
        onclick: () => { state.rows.splice(index, 1); put(state); },
      }, '✕'),
    );
  };

  const valueBox = (state, row, index, question) => {
    const attributes = {'aria-label': words.pickValue, 'data-key': `${field}:value:${index}`};
    const write = (value, type) => { Object.assign(row, {value, value_type: type}); put(state); };
    if (question.choice_list) {
      return h(
        'select', {...attributes, onchange: event => write(event.target.value, 'text')},
        h('option', {value: '', selected: !row.value}, words.pickValue),
        (draft.definition.lists[question.choice_list] || []).map(choice => h('option', {value: choice.name, selected: choice.name === row.value}, textIn(choice.label) || choice.name)),
      );
    }
    if (DATES.includes(question.type)) return h('input', {...attributes, type: 'date', value: row.value, onchange: event => write(event.target.value, 'date')});
    if (NUMBERS.includes(question.type) || question.type === 'calculate') {
      return h('input', {...attributes, type: 'number', step: 'any', value: row.value, onchange: event => write(plain(event.target.value), 'number')});
    }
    return h('input', {...attributes, type: 'text', value: row.value, onchange: event => write(event.target.value, 'text')});
  };

  const expressionBox = (text, isOpen) => h(
    'details', {class: 'expression', open: isOpen},
    h('summary', {}, words.asText),
    h('textarea', {
      rows: 2, spellcheck: 'false', class: 'code', 'aria-label': words.asText, 'data-key': `${field}:text`, value: text,
      oninput: event => {
        begun = null;
        editQuestion(field, question => { question[field] = event.target.value; });
      },
    }),
  );

  // Complete rows are saved at once; an incomplete one waits.
  const put = state => {
    begun = state;
    show();
    const complete = state.rows.filter(row => row.question && row.comparison && (WITHOUT_VALUE.includes(row.comparison) || row.value !== '' || row.value_type === 'today'));
    if (complete.length === state.rows.length) send({joined: state.joined, rows: complete});
  };
  const send = async ({joined, rows}) => {
    const at = await act({do: 'condition', path: draft.selected, field, joined, rows: rows.map(row => ({value_type: 'text', ...row}))}, {quiet: true});
    if (at === null) return;
    begun = null;
    if (box.isConnected) show();
  };

  box.refresh = () => { if (!box.contains(document.activeElement) || document.activeElement.type !== 'textarea') show(); };
  show();
  return box;
}

const emptyRow = () => ({question: '', comparison: '', value: '', value_type: 'text'});
const plain = text => (text === '' ? '' : String(Number(text)));

// What a question can depend on: answered questions of its own level and of the levels around it.
function questionsFor(path) {
  const all = walk();
  const own = all.find(entry => entry.path === path);
  return all
    .filter(({path: other, question, repeats}) => other !== path && !ANSWERLESS.includes(question.type)
      && repeats.every(repeat => own.repeats.includes(repeat)));
}

// --- limits of a number or a date: a constraint of at most two rows about the answer itself

export function limitsOf(path) {
  const text = questionAt(path).constraint || '';
  if (!text) return {};
  const picked = (draft.picked[path] || {}).constraint;
  if (!picked || picked.joined !== 'all' || picked.rows.some(row => row.question !== '.')) return null;
  const found = {};
  for (const row of picked.rows) {
    if (!['at_least', 'at_most'].includes(row.comparison) || row.comparison in found) return null;
    found[row.comparison] = row.value_type === 'today' ? 'today' : row.value;
  }
  return found;
}

export function sendLimits(path, limits) {
  const rows = ['at_least', 'at_most'].filter(name => limits[name]).map(comparison => ({
    question: '.', comparison,
    value: limits[comparison] === 'today' ? '' : plain(limits[comparison]),
    value_type: limits[comparison] === 'today' ? 'today' : 'number',
  }));
  return act({do: 'condition', path, field: 'constraint', joined: 'all', rows}, {quiet: true});
}
