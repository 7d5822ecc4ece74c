// The list of questions: chosen, moved by keyboard, by buttons or by dragging the handle, copied, removed.

import {announce, byId, config, h, refill, say, textIn, words} from './dom.js';
import {act, canUndo, draft, isContainer, levelOf, parentOf, questionAt, select, undo} from './draft.js';
import {openAdding} from './adding.js';

const EDGE_PX = 48;
const kindWords = Object.fromEntries(config.kinds.map(kind => [kind.key, kind.words[0]]));
const list = byId('outline');

export const labelOf = question => textIn(question.label) || words.nameless;
export const kindName = (path, question) => kindWords[draft.kinds[path]] || question.type;
const indexOf = path => levelOf(parentOf(path)).findIndex(question => question.name === path.split('.').pop());

export function showOutline() {
  const level = draft.definition.questions;
  refill(
    list,
    level.length ? h('ol', {}, items(level, '', '')) : h('p', {class: 'outline-empty'}, words.empty),
  );
  byId('form-settings').setAttribute('aria-current', draft.selected === '' ? 'true' : 'false');
}

function items(level, prefix, numbers) {
  return level.map((question, index) => item(question, prefix + question.name, `${numbers}${index + 1}`));
}

function item(question, path, number) {
  const isSelected = draft.selected === path;
  const problems = draft.problems.filter(problem => problem.path === path && !problem.isNotice).length;
  return h(
    'li', {class: isSelected ? 'item item-selected' : 'item', 'data-path': path},
    h(
      'div', {class: 'item-row'},
      h('span', {class: 'handle', 'aria-hidden': 'true', onpointerdown: event => drag(event, path)}, '⠿'),
      h(
        'button',
        {
          type: 'button', class: 'item-main', 'data-key': `item:${path}`, title: words.keys,
          'aria-current': isSelected ? 'true' : false, 'aria-keyshortcuts': 'Alt+ArrowUp Alt+ArrowDown Delete',
          onclick: () => select(path), onkeydown: event => press(event, path),
        },
        h('span', {class: 'item-number'}, number),
        h(
          'span', {class: 'item-text'},
          h('span', {class: textIn(question.label) ? 'item-label' : 'item-label item-nameless'}, labelOf(question), question.required && h('span', {class: 'item-star', title: words.required}, ' *')),
          h(
            'span', {class: 'item-kind'}, kindName(path, question),
            question.relevant && h('span', {class: 'item-if', title: words.onlyIf}, ' · ', words.onlyIf),
          ),
        ),
        problems > 0 && h('span', {class: 'item-problem', title: say(words.problemsMany, {count: problems})}, '!'),
      ),
    ),
    isSelected && tools(question, path),
    isContainer(question) && h(
      'div', {class: 'item-inner'},
      h('ol', {'data-parent': path}, items(question.questions || [], `${path}.`, `${number}.`)),
      h('button', {type: 'button', class: 'add-inside', onclick: () => openAdding(path, (question.questions || []).length)}, '+ ', words.addInside),
    ),
  );
}

function tools(question, path) {
  const index = indexOf(path);
  const level = levelOf(parentOf(path));
  const tool = (text, sign, does, disabled = false) => h(
    'button',
    {type: 'button', class: 'tool', 'data-key': `tool:${text}`, 'aria-label': `${text}: ${labelOf(question)}`, title: text, disabled, onclick: does},
    sign || text,
  );
  return h(
    'div', {class: 'tools'},
    tool(words.up, '↑', () => step(path, -1), index === 0 && !parentOf(path)),
    tool(words.down, '↓', () => step(path, 1), index === level.length - 1 && !parentOf(path)),
    tool(words.copy, '', () => act({do: 'duplicate', path})),
    tool(words.remove, '', () => remove(path)),
  );
}

// One place up or down; at the end of a group out of it, beside a group into it.
function step(path, direction) {
  const parent = parentOf(path);
  const index = indexOf(path);
  const level = levelOf(parent);
  const neighbour = level[index + direction];
  const beside = neighbour && (parent ? `${parent}.${neighbour.name}` : neighbour.name);
  if (!neighbour) {
    if (parent) move(path, parentOf(parent), indexOf(parent) + (direction > 0 ? 1 : 0));
  } else if (isContainer(neighbour) && !isContainer(level[index])) {
    move(path, beside, direction > 0 ? 0 : (neighbour.questions || []).length);
  } else move(path, parent, index + direction);
}

async function move(path, parent, index) {
  const name = path.split('.').pop();
  if (parent === parentOf(path) && index === indexOf(path)) return;
  const at = await act({do: 'move', path, parent, index});
  if (at === null) return;
  const level = levelOf(parentOf(at));
  announce(say(words.movedTo, {question: labelOf(questionAt(at)), position: level.findIndex(question => question.name === name) + 1, count: level.length}));
  focusItem(at);
}

export async function remove(path) {
  const label = labelOf(questionAt(path));
  const level = levelOf(parentOf(path));
  const next = level[indexOf(path) + 1] || level[indexOf(path) - 1];
  if (await act({do: 'remove', path}) === null) return;
  if (next) {
    const parent = parentOf(path);
    select(parent ? `${parent}.${next.name}` : next.name);
    focusItem(draft.selected);
  }
  announce(say(words.removed, {question: label}), words.undo, () => { if (canUndo()) undo(); });
}

function focusItem(path) {
  const button = list.querySelector(`[data-key="item:${CSS.escape(path)}"]`);
  if (button) button.focus();
}

function press(event, path) {
  const directions = {ArrowUp: -1, ArrowDown: 1};
  if (event.altKey && event.key in directions) {
    event.preventDefault();
    step(path, directions[event.key]);
  } else if (event.key in directions) {
    event.preventDefault();
    const all = [...list.querySelectorAll('.item-main')];
    const next = all[all.indexOf(event.currentTarget) + directions[event.key]];
    if (next) next.focus();
  } else if (event.key === 'Delete') {
    event.preventDefault();
    remove(path);
  }
}

// --- dragging, by mouse, pen and finger

function drag(event, path) {
  if (event.button) return;
  event.preventDefault();
  const dragged = list.querySelector(`[data-path="${CSS.escape(path)}"]`);
  const outline = list.closest('.outline');
  const tabs = document.querySelector('.designer-tabs');
  const line = h('div', {class: 'drop-line'});
  let target = null;
  let y = event.clientY;
  let frame = 0;

  const place = () => {
    const scroller = outline.scrollHeight > outline.clientHeight ? outline : document.scrollingElement; // on a phone the page
    const top = scroller === outline ? outline.getBoundingClientRect().top : tabs.getBoundingClientRect().bottom;
    if (y < top + EDGE_PX) scroller.scrollTop -= 12;
    else if (y > byId('add').getBoundingClientRect().top - EDGE_PX) scroller.scrollTop += 12;
    target = placeAt(y, dragged);
    if (target) target.level.insertBefore(line, target.before);
    else line.remove();
    frame = requestAnimationFrame(place);
  };
  const go = moveEvent => { y = moveEvent.clientY; };
  const stop = upEvent => {
    cancelAnimationFrame(frame);
    ['pointermove', 'pointerup', 'pointercancel', 'keydown'].forEach(name => removeEventListener(name, name === 'pointermove' ? go : stop, true));
    line.remove();
    dragged.classList.remove('dragged');
    if (upEvent.type !== 'pointerup' || !target) return;
    const siblings = [...target.level.children].filter(child => child.matches('.item') && child !== dragged);
    const index = target.before ? siblings.indexOf(target.before) : siblings.length;
    move(path, target.level.dataset.parent || '', index < 0 ? siblings.length : index);
  };
  const stopByKey = keyEvent => { if (keyEvent.key === 'Escape') stop(keyEvent); };
  dragged.classList.add('dragged');
  addEventListener('pointermove', go, true);
  addEventListener('pointerup', stop, true);
  addEventListener('pointercancel', stop, true);
  addEventListener('keydown', stopByKey, {capture: true, once: true});
  place();
}

// The list to drop into and the item to drop before (null: at its end).
function placeAt(y, dragged) {
  const rows = [...list.querySelectorAll('.item-row')].filter(row => !dragged.contains(row));
  const level = list.querySelector('ol');
  const below = rows.find(row => row.getBoundingClientRect().top + row.offsetHeight / 2 > y);
  if (below) {
    const found = below.closest('.item');
    const above = rows[rows.indexOf(below) - 1];
    const group = above && above.closest('.item');
    const inner = group && group.querySelector(':scope > .item-inner > ol');
    if (inner && !inner.contains(found) && y < above.getBoundingClientRect().bottom + 40 && !inner.children.length) return {level: inner, before: null};
    return {level: found.parentElement, before: found};
  }
  const last = rows[rows.length - 1];
  const inner = last && last.closest('.item').querySelector(':scope > .item-inner > ol');
  if (inner && y < last.getBoundingClientRect().bottom + 40) return {level: inner, before: null};
  return level && {level, before: null};
}
