// Small helpers that every part of the designer uses.

// h('button', {class: 'x', onclick: f}, 'text', [nodes]): an element; false, null and undefined are left out.
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (name === 'value' || name === 'checked' || name === 'selected' || name === 'disabled') element[name] = value;
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.flat(Infinity).filter(child => child || child === 0));
  return element;
}

export const byId = id => document.getElementById(id);
const json = id => JSON.parse(byId(id).textContent);
export const config = json('config');
export const words = json('words');

export const say = (text, values = {}) => text.replace(/\{(\w+)\}/g, (all, name) => (name in values ? values[name] : all));

// A text in the reader's language, or in the first that it has.
export const textIn = text => (text && (text[config.language] || Object.values(text).find(Boolean))) || '';

// Puts new children into a part; whoever had the focus in it gets it again, found by data-key.
export function refill(part, ...children) {
  const active = part.contains(document.activeElement) ? document.activeElement : null;
  const key = active && active.dataset.key;
  const range = active && 'selectionStart' in active ? [active.selectionStart, active.selectionEnd] : null;
  const top = part.scrollTop;
  part.replaceChildren(...children.flat(Infinity).filter(Boolean));
  part.scrollTop = top;
  const next = key && part.querySelector(`[data-key="${CSS.escape(key)}"]`);
  if (!next) return;
  next.focus({preventScroll: true});
  if (range && range[0] !== null && 'selectionStart' in next) next.setSelectionRange(...range);
}

// Says something to everybody: seen for a while, read out at once. With an action it has a button.
let quiet;
export function announce(text, label = '', action = null) {
  const toast = byId('toast');
  clearTimeout(quiet);
  toast.replaceChildren(h('span', {}, text));
  if (label) toast.append(h('button', {type: 'button', class: 'button button-small', onclick: () => { toast.hidden = true; action(); }}, label));
  toast.hidden = false;
  quiet = setTimeout(() => { toast.hidden = true; }, label ? 10000 : 4000);
}
