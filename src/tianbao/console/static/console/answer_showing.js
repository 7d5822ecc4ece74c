// What of a form applies by the answers so far: the server is asked after each change (domain.showing), so that the
// console has no rules of its own. Without an answer everything stays as it is, and the server judges when it is saved.

const PAUSE_MS = 150;
const fields = document.querySelector('.answers[data-showing]');
const form = fields && fields.closest('form');
const parts = fields ? [...fields.querySelectorAll('[data-part]')] : [];
let pause, asked = 0;

function apply(shown) {
  const byPath = new Map(shown.map(field => [field.path, field]));
  for (const part of parts) {
    const field = byPath.get(part.dataset.part);
    if (!field) continue;
    part.hidden = !field.applies;
    if ('rows' in part.dataset && field.rows !== Number(part.dataset.rows) && field.applies) return renew();
    setText(part, '[data-label]', field.label);
    setText(part, '[data-hint]', field.hint);
    const optional = own(part, '[data-optional]');
    if (optional) optional.hidden = field.required;
    offer(part, field.offered);
    if (field.value !== null) own(part, '[name]').value = field.value;
  }
  return undefined;
}

// The element of the part itself, not of one within it.
function own(part, selector) {
  return [...part.querySelectorAll(selector)].find(element => element.closest('[data-part]') === part);
}

function setText(part, selector, text) {
  const element = own(part, selector);
  if (element && element.textContent !== text) element.textContent = text;
}

// Choices that the answers rule out are not to be chosen; one that was chosen is let go.
function offer(part, names) {
  for (const choice of part.querySelectorAll(':scope > .choices .choice')) {
    const box = choice.querySelector('input');
    choice.hidden = !names.includes(box.value);
    if (choice.hidden) box.checked = false;
  }
  for (const select of part.querySelectorAll(':scope > select, :scope > .ranks select')) {
    for (const option of select.options) {
      option.hidden = option.disabled = option.value !== '' && !names.includes(option.value);
    }
    if (select.selectedOptions[0] && select.selectedOptions[0].disabled) select.value = '';
  }
}

// Other rows than the page has: the server writes it anew, and the cursor stays where it is.
function renew() {
  const button = Object.assign(document.createElement('button'), {name: '_action', value: 'again', hidden: true});
  const focus = Object.assign(document.createElement('input'), {type: 'hidden', name: '_focus', value: document.activeElement.id});
  form.append(button, focus);
  form.requestSubmit(button);
}

async function ask() {
  const number = ++asked;
  const answer = await fetch(fields.dataset.showing, {method: 'POST', body: new FormData(form)}).catch(() => null);
  if (number === asked && answer && answer.ok && !answer.redirected) apply((await answer.json()).fields);
}

if (form) {
  for (const part of parts) part.hidden = 'off' in part.dataset;
  const begun = document.activeElement;
  if (begun.type === 'text') begun.setSelectionRange(begun.value.length, begun.value.length);
  form.addEventListener('input', () => {
    clearTimeout(pause);
    pause = setTimeout(ask, PAUSE_MS);
  });
}
