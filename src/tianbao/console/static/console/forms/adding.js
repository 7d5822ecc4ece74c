// The choice of what to add: kinds of questions by the words of an office, and ready-made blocks.

import {byId, config, h, words} from './dom.js';
import {act, draft, levelOf, listen, parentOf} from './draft.js';

const dialog = byId('adding');
const coming = byId('coming');
const early = byId('coming-text');
let place = {parent: '', index: 0};
listen((what, follow) => { if (what === 'moved') place.parent = follow(place.parent); });

// Behind the question that is selected, or where it is said.
export function openAdding(parent = null, index = 0) {
  if (parent === null) {
    const path = draft.selected;
    const around = path ? parentOf(path) : '';
    const level = levelOf(around);
    const at = path ? level.findIndex(question => question.name === path.split('.').pop()) : level.length - 1;
    place = {parent: around, index: at + 1};
  } else place = {parent, index};
  dialog.showModal();
  dialog.scrollTop = 0;
  dialog.querySelector('section + section .kind').focus({preventScroll: true});
}

// What is typed before the question is there waits for it in a field of its own; it is seen if that takes a while.
async function add(name, body) {
  dialog.close();
  byId('coming-title').textContent = name;
  early.value = '';
  coming.showModal();
  const at = await act({...body, ...place});
  await composed;
  coming.close();
  if (at === null) return;
  dialog.dispatchEvent(new CustomEvent('added', {detail: early.value.replace(/\n/g, ' ')}));
}

// Syllables on their way to being characters are nothing to move: it waits until they are.
let composed = null;
early.addEventListener('compositionstart', () => {
  composed = new Promise(done => early.addEventListener('compositionend', done, {once: true}));
});
coming.addEventListener('cancel', event => event.preventDefault());

const button = (text, hint, body) => h(
  'button', {type: 'button', class: 'kind', onclick: () => add(text, body)},
  h('strong', {}, text), hint && h('span', {}, hint),
);

const shelf = (name, buttons, look = '') => h('section', {class: look}, h('h3', {}, name), h('div', {class: 'kind-list'}, buttons));

byId('kinds').replaceChildren(
  shelf(words.ready, config.blocks.map(block => button(block.name, '', {do: 'block', block: block.key})), 'kind-blocks'),
  ...Object.entries(config.shelves).map(([key, name]) => shelf(
    name, config.kinds.filter(kind => kind.shelf === key).map(kind => button(...kind.words, {do: 'add', kind: kind.key})),
  )),
);
dialog.addEventListener('click', event => { if (event.target === dialog) dialog.close(); });
byId('adding-close').addEventListener('click', () => dialog.close());
