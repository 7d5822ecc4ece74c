// The phone: the real page of the draft as it was saved last, in a frame apart. A new page is loaded behind the old
// one and takes its place when it is there, so nothing flickers.

import {byId, config, h} from './dom.js';
import {draft, questionAt, select} from './draft.js';

const phone = byId('phone');
const languageBox = byId('preview-language');
const unseen = byId('preview-unseen');
let shown = null;
let coming = null;
let language = draft.definition.languages[0];
let touched = null;

export function refreshPreview() {
  if (!draft.definition.languages.includes(language)) language = draft.definition.languages[0];
  showLanguages();
  if (coming) coming.remove();
  const frame = h('iframe', {title: phone.dataset.title, sandbox: 'allow-scripts allow-forms', class: 'coming', src: `${config.urls.preview}?lang=${language}&r=${draft.revision}`});
  coming = frame;
  phone.append(frame);
}

export function showInPreview(smooth = true) {
  unseen.hidden = true;
  if (shown && draft.selected && draft.selected !== touched) shown.contentWindow.postMessage({show: draft.selected, smooth}, '*');
  touched = null;
}

function showLanguages() {
  const {languages} = draft.definition;
  languageBox.hidden = languages.length < 2;
  languageBox.replaceChildren(...languages.map(one => h('option', {value: one, selected: one === language}, config.languageNames[one] || one)));
}

languageBox.addEventListener('change', () => {
  language = languageBox.value;
  refreshPreview();
});

addEventListener('message', event => {
  const said = event.data || {};
  if (coming && event.source === coming.contentWindow && said.ready) {
    if (shown) shown.remove();
    shown = coming;
    coming = null;
    shown.classList.remove('coming');
    showInPreview(false);
  } else if (shown && event.source === shown.contentWindow) {
    if (said.language && draft.definition.languages.includes(said.language)) {
      language = said.language;
      refreshPreview();
    } else if (typeof said.unseen === 'boolean') unseen.hidden = !said.unseen;
    else if (typeof said.touched === 'string' && questionAt(said.touched)) {
      touched = said.touched;
      select(said.touched);
    }
  }
});
