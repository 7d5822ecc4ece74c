// The picture of a question or a choice: chosen on this device, made anew and kept by the server under a name that says
// what is in it. The definition has only that name, so undo needs nothing but the name.

import {announce, config, h, say, words} from './dom.js';
import {draft, undo} from './draft.js';

const KINDS = 'image/jpeg,image/png,image/webp,image/gif,image/avif';
const KEPT = /^[0-9a-f]{32}\.jpg$/;
const WAIT_MS = 120000;

// A slot for each language; the first one's picture does for the others. `put(language, name)` changes the draft, no
// name being none; `about` is what a reader of the screen hears.
export function pictureSlots(image, about, key, put, show) {
  const languages = Object.keys(image).length ? draft.definition.languages : draft.definition.languages.slice(0, 1);
  return languages.map(language => slot(image[language], language));

  function slot(name, language) {
    const told = languages.length > 1 ? config.languageNames[language] || language : '';
    const called = text => [text, about, told].filter(Boolean).join(' · ');
    const change = given => {
      put(language, given);
      show();
      document.querySelector(`[data-key="${CSS.escape(`${key}:${language}`)}"]`)?.focus();
    };
    return h(
      'div', {class: 'picture'},
      told && h('span', {class: 'language-name'}, told),
      name && (KEPT.test(name)
        ? h('img', {src: `/M/${name}`, alt: called(words.picture)})
        : h('span', {class: 'soft'}, say(words.pictureMissing, {file: name}))),
      name
        ? h('button', {
          type: 'button', class: 'link', 'data-key': `${key}:${language}`, 'aria-label': called(words.removePicture),
          onclick: () => {
            change('');
            announce(words.pictureRemoved, words.undo, undo);
          },
        }, words.removePicture)
        : h('button', {
          type: 'button', class: 'link', 'data-key': `${key}:${language}`, 'aria-label': called(words.addPicture),
          onclick: () => choose(change),
        }, '+ ', words.addPicture),
    );
  }
}

function choose(change) {
  const input = h('input', {type: 'file', accept: KINDS});
  input.addEventListener('change', async () => {
    const name = await send(input.files[0]);
    if (name) change(name);
  });
  input.click();
}

// Nothing else is done while a picture is under way, so the question and the choice are still where they were.
async function send(file) {
  const stopper = new AbortController();
  const dialog = h('dialog', {class: 'coming', 'aria-label': words.picture}, h('p', {role: 'status'}, words.sending), h(
    'button', {type: 'button', class: 'button button-quiet', onclick: () => stopper.abort()}, words.cancel,
  ));
  dialog.addEventListener('cancel', () => stopper.abort());
  document.body.append(dialog);
  dialog.showModal();
  const limit = setTimeout(() => stopper.abort('late'), WAIT_MS);
  try {
    const body = new FormData();
    body.append('picture', file);
    body.append('csrfmiddlewaretoken', document.querySelector('[name=csrfmiddlewaretoken]').value);
    const answer = await fetch(config.urls.picture, {method: 'POST', body, signal: stopper.signal});
    if (answer.redirected || answer.status === 403) throw new Error(words.signedOut);
    const said = await answer.json();
    if (answer.ok) return said.name;
    announce(said.message);
  } catch (error) {
    if (error.message === words.signedOut) announce(words.signedOut);
    else if (!stopper.signal.aborted || stopper.signal.reason === 'late') announce(words.pictureFails);
  } finally {
    clearTimeout(limit);
    dialog.remove();
  }
  return '';
}
