// The designer's page: list, panel and phone kept in step with the draft; its state, undo, problems, and what happens
// when somebody else saved meanwhile.

import {announce, byId, h, say, words} from './dom.js';
import {askForTheirs, canRedo, canUndo, draft, goOn, listen, redo, select, undo, walk} from './draft.js';
import {openAdding} from './adding.js';
import {showOutline} from './outline.js';
import {focusLabel, showPanel, showProblems} from './panel.js';
import {refreshPreview, showInPreview} from './preview.js';

const root = byId('designer');
const status = byId('status');
const undoButton = byId('undo');
const redoButton = byId('redo');

listen(what => {
  if (what === 'all') {
    showOutline();
    showPanel();
    showInPreview();
  } else if (what === 'names') {
    showOutline();
    showProblems();
  } else if (what === 'saved') refreshPreview();
  else if (what === 'refused') announce(words.refused);
  if (what === 'state') showState();
  showProblemCount();
  undoButton.disabled = !canUndo();
  redoButton.disabled = !canRedo();
});

// --- saved or not

let shownState = 'saved';

function showState() {
  status.textContent = words[draft.state] || '';
  status.dataset.state = draft.state;
  root.classList.toggle('designer-closed', ['gone', 'conflict'].includes(draft.state));
  if (draft.state === shownState) return;
  shownState = draft.state;
  if (draft.state === 'conflict') showConflict();
}

// What was typed last is part of what is published: a link goes on as soon as it is saved.
let goingTo = null;
root.querySelector('.designer-tools').addEventListener('click', event => {
  const link = event.target.closest('a');
  if (!link || !['unsaved', 'saving'].includes(draft.state) || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  goingTo = link.href;
});
listen(what => {
  if (what !== 'state' || draft.state === 'saving') return;
  if (goingTo && draft.state === 'saved') location.assign(goingTo);
  goingTo = null;
});

undoButton.addEventListener('click', undo);
redoButton.addEventListener('click', redo);
addEventListener('keydown', event => {
  const isTyping = event.target.closest('input:not([type=checkbox]):not([type=radio]), textarea');
  if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
  const key = event.key.toLowerCase();
  if (key === 'enter') {
    event.preventDefault();
    if (!document.querySelector('dialog[open]')) openAdding();
  } else if (!isTyping && key === 'z') {
    event.preventDefault();
    (event.shiftKey ? redo : undo)();
  } else if (!isTyping && key === 'y') {
    event.preventDefault();
    redo();
  }
});

// --- problems

const problemBox = byId('problems-box');
const problemList = byId('problem-list');

function showProblemCount() {
  const problems = draft.problems.filter(problem => !problem.isNotice);
  const text = {0: words.problemsNone, 1: words.problemsOne}[problems.length] || say(words.problemsMany, {count: problems.length});
  const summary = problemBox.querySelector('summary');
  summary.textContent = text;
  summary.className = problems.length ? 'chip chip-warn' : 'chip chip-good';
  problemList.replaceChildren(...problems.map(problem => h('li', {}, h(
    'button', {
      type: 'button', class: 'link',
      onclick: () => {
        problemBox.open = false;
        select(problem.path);
        showTab('panel');
        byId('panel').querySelector('.field-problem')?.scrollIntoView({block: 'center'});
      },
    },
    problem.about && h('strong', {}, problem.about, ': '), problem.text,
  ))));
}

document.addEventListener('click', event => { if (!problemBox.contains(event.target)) problemBox.open = false; });

// --- two people

const conflict = byId('conflict');

async function showConflict() {
  const answer = await askForTheirs();
  if (!answer.ok) return setTimeout(showConflict, 3000);
  const {said} = answer;
  const choose = (text, definition, isFirst) => h('button', {
    type: 'button', class: isFirst ? 'button' : 'button button-quiet',
    onclick: () => {
      conflict.close();
      shownState = '';
      goOn(said, definition);
    },
  }, text);
  byId('conflict-title').textContent = say(words.changed, {who: said.by});
  byId('conflict-text').textContent = said.merged ? words.changedMerge : say(words.changedConflict, {questions: said.conflicts.join(', ')});
  byId('conflict-changes').replaceChildren(...(said.changes.length ? said.changes : [{about: words.nothing}]).map(change => h(
    'li', {}, h('strong', {}, change.about), change.text && ` · ${change.text}`, change.after && `: ${change.after}`,
  )));
  byId('conflict-actions').replaceChildren(...[
    said.merged && choose(words.mergeDo, said.merged, true),
    choose(words.theirsDo, said.definition, !said.merged),
    choose(words.mineDo, draft.definition, false),
  ].filter(Boolean));
  conflict.showModal();
}

conflict.addEventListener('cancel', event => event.preventDefault());

// --- narrow screens show one part at a time

function showTab(name) {
  root.dataset.tab = name;
  for (const tab of document.querySelectorAll('[data-show]')) tab.setAttribute('aria-pressed', tab.dataset.show === name ? 'true' : 'false');
}

for (const tab of document.querySelectorAll('[data-show]')) tab.addEventListener('click', () => showTab(tab.dataset.show));

// --- adding and choosing

byId('add').addEventListener('click', () => openAdding());
byId('adding').addEventListener('added', event => {
  showTab('panel');
  focusLabel(event.detail);
});
byId('form-settings').addEventListener('click', () => {
  select('');
  showTab('panel');
});
byId('outline').addEventListener('click', event => { if (event.target.closest('.item-main')) showTab('panel'); });
byId('preview-full').addEventListener('click', () => showTab('preview'));

select(walk().length ? walk()[0].path : '');
showOutline();
showPanel();
showState();
showProblemCount();
refreshPreview();
if (location.hash === '#add') {
  history.replaceState(null, '', location.pathname); // asked once, not again after a reload
  openAdding();
}
root.hidden = false;
