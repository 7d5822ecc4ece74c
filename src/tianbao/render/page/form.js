// The form's answers as pairs of flat path and text, put in and taken out, and what is wrong with them. It works on
// the fields as the server wrote them; the other files listen to the form's input and change events.

const summary = byId('_problems');

// Says that a field was set by script, a repeat has other rows, or (of the form) everything may be different: as a
// change when it starts anew, as input when it was filled in, with no default due.
const changed = (part = form) => part.dispatchEvent(new Event('change', {bubbles: true}));
const onChange = action => ['input', 'change'].forEach(name => form.addEventListener(name, action));

const isBox = field => /radio|checkbox/.test(field.type);
const isSaid = field => field.value.trim() && (field.checked || !isBox(field));
// Whether a field holds an answer. What is hidden does not apply and holds none; the form itself may be put away.
const isGiven = field => isSaid(field) && !field.closest('#_answers [hidden]');

const named = part => [...part.querySelectorAll('[name]:not([name^=_])')];
const fields = (name, part = form) => [...part.querySelectorAll(`[name="${name}"]`)];
// A row in which only those fields hold something that nobody fills in is left empty, and a row left empty is no row.
const isFree = field => field.type != 'hidden' && !field.readOnly;
const isBlank = row => !named(row).some(field => isFree(field) && isGiven(field));
const rowOf = part => part.closest('.row');
const isIn = part => {
  const row = rowOf(part);
// = count
  if (row && row.parentNode.dataset.count) return isIn(row.parentNode);
// =
  return !row || !isBlank(row);
};

const isSent = field => isGiven(field) && (isFree(field) || isIn(field));
const pairs = () => named(form).filter(isSent).map(field => [field.name, field.value]);

// Makes the rows that a path needs, where there are repeats.
let makeRows = () => {};

const put = (field, values) => {
  if (isBox(field)) {
    field.checked = values.includes(field.value);
    return;
  }
  const value = values.shift() || '';
  field.value = value;
  // What narrow.js took out of a list comes back; whether it stays is for what narrows it.
  const away = field.value != value && (field.all || []).find(option => option.value == value);
  if (away) field.add(away);
  if (away) field.value = value;
};

function fill(saved) {
  const values = {};
  saved.forEach(([name, value]) => {
    makeRows(name);
    (values[name] = values[name] || []).push(value);
  });
  named(form).forEach(field => put(field, values[field.name] || []));
  form.dispatchEvent(new Event('input'));
}

// Back to the page as it came.
function clear() {
  form.querySelectorAll('.row + .row').forEach(row => row.remove());
  HTMLFormElement.prototype.reset.call(form.firstElementChild);
  form.querySelectorAll('[type=hidden]').forEach(field => { field.value = ''; });
  show([]);
  changed();
}

const labelOf = part => part.querySelector('label,legend').innerText;
const sentence = (part, own, text) => part.dataset[own] || text.replace('{question}', () => labelOf(part));
// What the server would say about unanswered questions, without the way there.
const missing = () => [...form.querySelectorAll('.req')]
  .filter(part => !named(part).some(field => isSent(field) || field.type == 'file' && field.value && isIn(field))
    && !part.closest('[hidden]') && isIn(part))
  .map(part => [part.id || part.querySelector('input[id],select[id],textarea[id]').id, sentence(part, 'say', T.required)]);

// More that is wrong, as pairs of path and sentence.
let findMore = () => [];

// What is wrong with one answer stands beside its question.
function mark(path, message) {
  const field = byId(path), known = byId(path + ':e');
  if (known) known.remove();
  if (message) (byId(path + ':h') || field.closest('.q').querySelector('label,legend'))
    .after(make('p', message, {className: 'error', id: path + ':e'}));
  if (!field.name) return;
  if (message) field.setAttribute('aria-invalid', true);
  else field.removeAttribute('aria-invalid');
  field.setAttribute('aria-describedby', [path + ':h', path + ':e'].filter(byId).join(' '));
}

// Problems as the server names them: {question, message}. Each stands in the summary, too.
function show(problems) {
  form.querySelectorAll('.error').forEach(error => mark(error.id.slice(0, -2)));
  const list = summary.lastElementChild;
  list.textContent = '';
  problems.forEach(({question, message}) => {
    const isHere = question && byId(question), item = list.appendChild(make('li', isHere ? '' : message));
    if (!isHere) return;
    item.append(make('a', message, {href: '#' + question}));
    mark(question, message);
  });
  summary.hidden = !problems[0];
  if (problems[0]) summary.focus();
}

form.addEventListener('submit', event => {
  const problems = missing().concat(findMore()).map(([question, message]) => ({question, message}));
  show(problems);
  if (problems[0]) event.preventDefault();
});

// Enter goes to the next field, as the key says; only the button submits.
form.addEventListener('keydown', event => {
  const field = event.target;
  if (event.key != 'Enter' || event.isComposing || event.defaultPrevented || !field.matches('[enterkeyhint]')) return;
  event.preventDefault();
  const all = [...form.querySelectorAll('input:not([type=hidden]),select,textarea,button')].filter(one => one.offsetParent);
  all[all.indexOf(field) + 1].focus();
});
