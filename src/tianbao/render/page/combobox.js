// Suggestions while typing (the ARIA combobox pattern) for a field whose answer is a text with a code beside it. Only
// helps: any text may stay, and without a network it is a plain text field.

const list = make('ul', '', {id: '_list'});
list.setAttribute('role', 'listbox');
list.setAttribute('aria-label', T.suggestions);
let asking;

const load = path => fetch(path).then(reply => reply.ok ? reply.json() : []);
const suggests = field => field.matches('.suggest>input[id]');
// What the answer depends on, as the rest of an address; calculation.js knows.
let dependsOn = () => '';

function choose(field, text, code) {
  field.value = text;
  fields(field.name + '.code').forEach(hidden => { hidden.value = code; });
  changed(field);
}

function close(field) {
  list.remove();
  list.textContent = '';
  field.setAttribute('aria-expanded', false);
  field.removeAttribute('aria-activedescendant');
}

function suggest(field, found) {
  close(field);
  if (!found[0] || document.activeElement != field) return;
  found.forEach(({full, code}, index) => {
    const option = list.appendChild(make('li', full, {id: '_list' + index}));
    option.setAttribute('role', 'option');
    option.onclick = () => {
      choose(field, full, code);
      close(field);
    };
  });
  field.after(list);
  field.setAttribute('aria-expanded', true);
}

function move(field, option) {
  const marked = list.querySelector('[aria-selected]');
  if (marked) marked.removeAttribute('aria-selected');
  option.setAttribute('aria-selected', true);
  option.scrollIntoView({block: 'nearest'});
  field.setAttribute('aria-activedescendant', option.id);
}

form.addEventListener('focusin', ({target}) => {
  if (suggests(target)) Object.entries({role: 'combobox', 'aria-expanded': false, 'aria-controls': '_list',
    'aria-autocomplete': 'list'}).forEach(([name, value]) => target.setAttribute(name, value));
});
form.addEventListener('focusout', ({target}) => { if (suggests(target)) close(target); });
// The field keeps its focus, and the list with it, while an option is being pressed.
list.onmousedown = event => event.preventDefault();

form.addEventListener('input', ({target}) => {
  if (!suggests(target)) return;
  fields(target.name + '.code').forEach(hidden => { hidden.value = ''; });
  clearTimeout(asking);
  const text = target.value;
  asking = setTimeout(() =>
    load(`${target.parentNode.dataset.from || '/places?'}q=${encodeURIComponent(text)}&lang=${language}${dependsOn(target)}`)
      .then(found => {
        if (target.value != text) return;
        // Whoever writes out what there is one of has picked it.
        const same = found.filter(({full}) => full == text.trim());
        if (same[0] && !same[1]) choose(target, text, same[0].code);
        suggest(target, found);
      }, () => {}), 200);
});

// Runs before form.js hears of Enter.
form.addEventListener('keydown', event => {
  const field = event.target;
  if (!list.firstChild || !suggests(field) || event.isComposing) return;
  const marked = list.querySelector('[aria-selected]');
  if (event.key == 'ArrowDown') move(field, marked && marked.nextSibling || list.firstChild);
  else if (event.key == 'ArrowUp') move(field, marked && marked.previousSibling || list.lastChild);
  else if (event.key == 'Escape') close(field);
  else if (event.key == 'Enter' && marked) marked.click();
  else return;
  event.preventDefault();
}, true);
