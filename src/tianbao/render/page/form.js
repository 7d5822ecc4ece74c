// The form's answers as pairs of flat path and text, put in and taken out, and what is wrong with them. It works on
// the fields as the server wrote them; the other files listen to the form's input and change events.

const summary = byId('_problems');

const changed = () => form.dispatchEvent(new Event('change'));
const onChange = action => ['input', 'change'].forEach(name => form.addEventListener(name, action));

// Whether a field holds an answer. What is hidden does not apply and holds none.
const isGiven = field => field.name[0] != '_' && field.value.trim()
  && (field.checked || !/radio|checkbox/.test(field.type)) && !field.closest('[hidden]');

const pairs = (part = form) => [...part.querySelectorAll('[name]')].filter(isGiven)
  .map(field => [field.name, field.value]);

const fields = name => [...form.querySelectorAll(`[name="${name}"]`)];

// Makes the rows that a path needs, where there are repeats.
let makeRows = () => {};

function fill(saved) {
  saved.forEach(([name, value]) => {
    makeRows(name);
    fields(name).forEach(field => {
      if (!/radio|checkbox/.test(field.type)) field.value = value;
      else if (field.value == value) field.checked = true;
    });
  });
  changed();
}

// Back to the page as it came.
function clear() {
  form.querySelectorAll('.row + .row').forEach(row => row.remove());
  HTMLFormElement.prototype.reset.call(form.firstElementChild);
  form.querySelectorAll('[type=hidden]').forEach(field => { field.value = ''; });
  show([]);
  changed();
}

// What the server would say about unanswered questions, without the way there. A row left empty is no row.
const missing = () => [...form.querySelectorAll('.req')].filter(part => {
  const row = part.closest('.row');
  return !part.closest('[hidden]') && !pairs(part)[0] && (!row || pairs(row)[0]);
}).map(part => ({
  question: part.id || part.querySelector('[id][name]').id,
  message: part.dataset.say || T.required.replace('{question}', () => part.querySelector('label,legend').textContent),
}));

function describe(field) {
  field.setAttribute('aria-describedby', [field.id + ':h', field.id + ':e'].filter(byId).join(' '));
}

// Problems as the server names them: {question, message}. Each stands beside its question and in the summary.
function show(problems) {
  form.querySelectorAll('.error').forEach(error => error.remove());
  form.querySelectorAll('[aria-invalid]').forEach(field => {
    field.removeAttribute('aria-invalid');
    describe(field);
  });
  const list = summary.lastElementChild;
  list.textContent = '';
  problems.forEach(({question, message}) => {
    const field = question && byId(question);
    const item = list.appendChild(make('li', field ? '' : message));
    if (!field) return;
    item.append(make('a', message, {href: '#' + question}));
    (byId(question + ':h') || field.closest('.q').querySelector('label,legend'))
      .after(make('p', message, {className: 'error', id: question + ':e'}));
    if (field.name) {
      field.setAttribute('aria-invalid', true);
      describe(field);
    }
  });
  summary.hidden = !problems[0];
  if (problems[0]) summary.focus();
}

form.addEventListener('submit', event => {
  const problems = missing();
  show(problems);
  if (problems[0]) event.preventDefault();
});

// Enter goes to the next field, as the key says; only the button submits.
form.addEventListener('keydown', event => {
  const field = event.target;
  if (event.key != 'Enter' || event.isComposing || event.defaultPrevented || !field.matches('[enterkeyhint]')) return;
  event.preventDefault();
  const all = [...form.querySelectorAll('input:not([type=hidden]),select,button')].filter(one => one.offsetParent);
  all[all.indexOf(field) + 1].focus();
});
