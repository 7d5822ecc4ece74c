// The draft as this page holds it: its definition, saved at every change, with undo. One request is under way at a
// time; what is edited meanwhile is done again on the answer, so that nothing typed is lost.

import {config, words} from './dom.js';

const SAVE_AFTER_MS = 400;
const AGAIN_MS = 3000;
const WAIT_MS = 20000;
const UNDO_MAX = 100;
const UNDO_CHARACTERS_MAX = 20e6;
const UNDO_KEPT_MAX = 20; // over a reload
const UNDO_KEPT = `undo ${config.urls.save}`;

const copy = value => JSON.parse(JSON.stringify(value));
const first = config.draft;

export const draft = {
  definition: first.definition,
  revision: first.revision,
  picked: first.picked,
  problems: first.problems,
  kinds: first.kinds,
  selected: null, // a path; '' is the form itself, null nothing
  state: 'saved', // saving, unsaved, offline, signedOut, gone, conflict
};

let saved = copy(first.definition); // as the server has it at our revision: what both began from if somebody else saves
let isDirty = false;
let isBusy = false;
let timer = 0;
let edits = []; // since the request under way was sent
const acts = [];
const listeners = [];
const past = [];
let future = [];
let lastKey = null;

// Listeners get what changed: 'all', 'names' (labels, names, problems; no field was rebuilt), 'state', or 'moved' with
// a function from the old path of a question to its new one.
export const listen = listener => listeners.push(listener);
const tell = (what, about) => listeners.forEach(listener => listener(what, about));

function become(state) {
  draft.state = state;
  if (state === 'saved') keepPast();
  tell('state');
}

// --- looking

export function questionAt(path, definition = draft.definition) {
  let level = definition.questions;
  let found = null;
  for (const name of path.split('.')) {
    found = (level || []).find(question => question.name === name);
    if (!found) return null;
    level = found.questions;
  }
  return found;
}

export function levelOf(parent, definition = draft.definition) {
  if (!parent) return definition.questions;
  const question = questionAt(parent, definition);
  if (!question.questions) question.questions = [];
  return question.questions;
}

export const parentOf = path => path.split('.').slice(0, -1).join('.');
export const isContainer = question => question.type === 'group' || question.type === 'repeat';

// Every question with its path, its number in the list and the repeats around it.
export function walk(level = draft.definition.questions, prefix = '', repeats = [], numbers = '') {
  return level.flatMap((question, index) => {
    const path = prefix + question.name;
    const number = `${numbers}${index + 1}`;
    const inner = question.type === 'repeat' ? [...repeats, path] : repeats;
    return [{path, question, repeats, number}, ...walk(question.questions || [], `${path}.`, inner, `${number}.`)];
  });
}

export function select(path) {
  if (draft.selected === path) return;
  draft.selected = path;
  lastKey = null;
  tell('all');
}

// --- undo

// The last steps survive a reload of the page, in this tab, as long as nobody else saved in between.
function keepPast() {
  const kept = {revision: draft.revision, past: past.slice(-UNDO_KEPT_MAX), future: future.slice(-UNDO_KEPT_MAX)};
  try {
    sessionStorage.setItem(UNDO_KEPT, JSON.stringify(kept));
  } catch { /* no room, or no storage: undo ends with the page */ }
}

function recallPast() {
  try {
    const kept = JSON.parse(sessionStorage.getItem(UNDO_KEPT));
    if (kept?.revision !== first.revision) return;
    past.push(...kept.past);
    future = kept.future;
  } catch { /* what somebody else put there */ }
}

function remember(key) {
  if (key && key === lastKey) return;
  lastKey = key;
  pushPast(draft.definition);
}

function pushPast(definition) {
  past.push([JSON.stringify(definition), draft.selected]);
  future = [];
  let size = past.reduce((sum, [text]) => sum + text.length, 0);
  while (past.length > UNDO_MAX || (size > UNDO_CHARACTERS_MAX && past.length > 1)) size -= past.shift()[0].length;
}

function travel(from, to) {
  if (!from.length) return;
  const [definition, selected] = from.pop();
  to.push([JSON.stringify(draft.definition), draft.selected]);
  lastKey = null;
  replaceWith(JSON.parse(definition));
  draft.selected = selected && !questionAt(selected) ? null : selected;
  tell('all');
}

function replaceWith(definition) {
  draft.definition = definition;
  if (isBusy) edits.push({apply: () => copy(definition)});
  soon(0);
}

export const undo = () => travel(past, future);
export const redo = () => travel(future, past);
export const canUndo = () => past.length > 0;
export const canRedo = () => future.length > 0;

// --- changing

// Changes something in place. Edits of the same key in a row are undone together, those without one each alone.
export function edit(key, apply) {
  remember(key);
  apply(draft.definition);
  if (isBusy) edits.push({apply});
  tell('names');
  soon();
}

// The same for the question that is selected, wherever an act takes it meanwhile.
export function editQuestion(key, apply) {
  const at = {path: draft.selected};
  remember(key && `${at.path}:${key}`);
  apply(questionAt(at.path), draft.definition);
  if (isBusy) {
    edits.push({
      at,
      apply: definition => {
        const question = questionAt(at.path, definition);
        if (question) apply(question, definition);
      },
    });
  }
  tell('names');
  soon();
}

function soon(after_ms = SAVE_AFTER_MS) {
  isDirty = true;
  if (draft.state === 'saved') become('unsaved');
  clearTimeout(timer);
  timer = setTimeout(work, after_ms);
}

// Has the server do something with the draft. `quiet`: no field is rebuilt, because somebody may be typing in one;
// `follows`: it belongs to the edit before and is undone with it. Gives the path to look at then, null if it failed.
export function act(body, {quiet = false, follows = false} = {}) {
  return new Promise(done => {
    acts.push({body, quiet, follows, done});
    clearTimeout(timer);
    work();
  });
}

async function work() {
  if (isBusy || draft.state === 'conflict' || draft.state === 'gone') return;
  isBusy = true;
  while (isDirty || acts.length) {
    const job = acts.shift();
    isDirty = false;
    edits = [];
    become('saving');
    const asked = {revision: draft.revision, definition: draft.definition, ...(job && {act: job.body})};
    const answer = await send(config.urls.save, asked);
    if (!answer.ok) {
      isBusy = false;
      return fail(answer, job);
    }
    take(answer.said, job);
  }
  isBusy = false;
  become('saved');
}

function take(said, job) {
  if (job && !job.follows) remember(null);
  saved = copy(said.definition);
  let definition = said.definition;
  const from = job && job.body.path;
  const follow = path => (from && said.at ? moved(path, from, said.at) : path);
  for (const later of edits) {
    if (later.at) later.at.path = follow(later.at.path);
    definition = later.apply(definition) || definition;
  }
  edits = [];
  for (const {body} of acts) for (const name of ['path', 'parent']) if (body[name]) body[name] = follow(body[name]);
  draft.definition = definition;
  Object.assign(draft, {revision: said.revision, picked: said.picked, problems: said.problems, kinds: said.kinds});
  if (from && said.at && draft.selected) {
    // An act that was undone while it was under way has moved nothing.
    draft.selected = [follow(draft.selected), draft.selected].find(path => questionAt(path)) || null;
  }
  tell('moved', follow);
  if (job && !job.quiet) draft.selected = said.at || null;
  tell(job && !job.quiet ? 'all' : 'names');
  tell('saved');
  if (job) job.done(said.at);
}

const moved = (path, from, to) => (path === from || path.startsWith(`${from}.`) ? to + path.slice(from.length) : path);

function fail(answer, job) {
  isDirty = true;
  if (answer.status === 409) {
    if (job) job.done(null);
    become('conflict');
  } else if (answer.status === 404) {
    become('gone');
  } else if (answer.status === 0 || answer.status === 401) {
    if (job) {
      job.done(null);
      tell('refused');
    }
    become(answer.status ? 'signedOut' : 'offline');
    timer = setTimeout(work, AGAIN_MS);
  } else if (job) { // the act was refused: what was typed is saved without it
    isDirty = Boolean(edits.length) || JSON.stringify(draft.definition) !== JSON.stringify(saved);
    job.done(null);
    tell('refused');
    if (isDirty || acts.length) work();
    else become('saved');
  } else {
    become('offline');
    timer = setTimeout(work, AGAIN_MS);
  }
}

async function send(url, body) {
  const token = document.querySelector('[name=csrfmiddlewaretoken]').value;
  const stopper = new AbortController();
  const limit = setTimeout(() => stopper.abort(), WAIT_MS);
  try {
    const answer = await fetch(url, {
      method: 'POST',
      headers: {'Content-Type': 'application/json', 'X-CSRFToken': token},
      body: JSON.stringify(body),
      signal: stopper.signal,
    });
    if (answer.redirected || answer.status === 403) return {ok: false, status: 401};
    return {ok: answer.ok, status: answer.status, said: await answer.json()};
  } catch {
    return {ok: false, status: 0};
  } finally {
    clearTimeout(limit);
  }
}

// --- two people

export const askForTheirs = () => send(config.urls.merge, {revision: draft.revision, base: saved, definition: draft.definition});

// Goes on from their revision with a definition: theirs, mine or both. Undo brings back what was dropped.
export function goOn(said, definition) {
  lastKey = null;
  pushPast(definition === draft.definition ? said.definition : draft.definition);
  saved = copy(said.definition);
  Object.assign(draft, {revision: said.revision, picked: said.picked, problems: said.problems, kinds: said.kinds});
  draft.definition = copy(definition);
  if (draft.selected && !questionAt(draft.selected)) draft.selected = null;
  isDirty = JSON.stringify(definition) !== JSON.stringify(said.definition);
  become(isDirty ? 'unsaved' : 'saved');
  tell('all');
  tell('saved');
  if (isDirty) work();
}

recallPast();
addEventListener('online', () => { if (draft.state === 'offline') work(); });
addEventListener('beforeunload', event => { if (isDirty || isBusy) event.preventDefault(); });
