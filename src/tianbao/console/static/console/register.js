// Registering by the keyboard alone: Enter goes on, digits choose, Ctrl+Enter sends; what a document number says
// is shown beside it. After a registration Enter prints the card, Escape or N begins with the next person.

const TYPING_PAUSE_MS = 250;
const form = document.getElementById('register');
const number = document.getElementById(form.dataset.number);
const submit = document.getElementById('submit');

document.getElementById('keys').hidden = false;

// --- going on

// Where Enter stops: every field, of a group of choices only the first.
function stops() {
  const all = '.answers input:not([type=hidden]), .answers select, .answers textarea';
  const fields = [...form.querySelectorAll(all)].filter(field => field.offsetParent && !field.readOnly);
  return fields.filter((field, index) => {
    const isGrouped = field.type === 'radio' || field.type === 'checkbox';
    return !isGrouped || fields.findIndex(other => other.name === field.name) === index;
  });
}

function goOn(from) {
  const all = stops();
  let next = all.findIndex(field => field.name === from.name) + 1;
  const row = from.closest('.repeat-row');
  if (row && !from.value && row.querySelector('input, select') === from) { // an empty row: past the whole list
    const list = row.closest('.repeat');
    while (all[next] && list.contains(all[next])) next += 1;
  }
  if (all[next]) all[next].focus();
  else form.requestSubmit(submit);
}

form.addEventListener('keydown', event => {
  if (event.isComposing || event.defaultPrevented) return;
  const field = event.target;
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    form.requestSubmit(submit);
  } else if (event.key === 'Enter' && field.matches('input, select')) {
    event.preventDefault();
    goOn(field);
  } else if (/^[1-9]$/.test(event.key) && field.matches('input[type=checkbox], input[type=radio]')) {
    const choices = field.closest('fieldset').querySelectorAll('.choice input');
    const chosen = choices[event.key - 1];
    if (!chosen) return;
    event.preventDefault();
    chosen.click();
    chosen.focus();
  }
});

// "None of these" and the rest take each other away.
form.addEventListener('change', ({target}) => {
  if (target.type !== 'checkbox' || !target.checked) return;
  for (const other of form.querySelectorAll(`input[name="${target.name}"]`)) {
    if (other !== target && ('alone' in target.dataset || 'alone' in other.dataset)) other.checked = false;
  }
});

let isSent = false;
form.addEventListener('submit', event => {
  if (isSent) event.preventDefault();
  isSent = true;
});
addEventListener('pageshow', () => { isSent = false; });

// --- what the number says

if (number) {
  const feedback = Object.assign(document.createElement('p'), {className: 'feedback', hidden: true});
  feedback.setAttribute('role', 'status');
  number.after(feedback);
  const type = document.getElementById(form.dataset.type);
  let waiting;

  const read = async () => {
    const text = number.value.trim();
    const body = new FormData();
    body.append('number', text);
    body.append('type', type ? type.value : '');
    body.append('csrfmiddlewaretoken', form.elements.csrfmiddlewaretoken.value);
    const answer = text ? await fetch(form.dataset.read, {method: 'POST', body}).catch(() => null) : null;
    const said = answer && answer.ok && !answer.redirected ? await answer.json() : {text: ''};
    if (text !== number.value.trim()) return;
    feedback.hidden = !said.text;
    feedback.textContent = said.text;
    feedback.classList.toggle('feedback-doubtful', Boolean(said.is_doubtful));
  };
  const readSoon = () => {
    clearTimeout(waiting);
    waiting = setTimeout(read, TYPING_PAUSE_MS);
  };
  number.addEventListener('input', readSoon);
  if (type) type.addEventListener('change', readSoon);
  if (number.value) read();
}

// --- the next person

const done = document.getElementById('done');
if (done) {
  const begin = () => {
    done.remove();
    history.replaceState(null, '', location.pathname);
    (number || stops()[0]).focus();
  };
  document.getElementById('next-person').addEventListener('click', event => {
    event.preventDefault();
    begin();
  });
  document.addEventListener('keydown', event => {
    if (!done.isConnected || event.ctrlKey || event.altKey || event.metaKey || form.contains(event.target)) return;
    if (event.key === 'Escape' || event.key.toLowerCase() === 'n') {
      event.preventDefault();
      begin();
    } else if (/^\d$/.test(event.key)) begin(); // the next number is being typed already
  });
}

const choose = document.getElementById('choose-site');
if (choose) {
  choose.querySelector('button').hidden = true;
  choose.addEventListener('change', () => choose.requestSubmit());
}
