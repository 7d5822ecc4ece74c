// Helps to name a place: suggestions while typing (the ARIA combobox pattern), or a choice level by level. Only
// helps: any text may stay, and without a network it is a plain text field.

const list = make('ul', '', {id: '_places'});
list.setAttribute('role', 'listbox');
list.setAttribute('aria-label', T.suggestions);
let asking;

const load = path => fetch('/places' + path).then(reply => reply.ok ? reply.json() : []);
const isPlace = field => field.matches('.place>input[id]');

function setPlace(field, text, code) {
  field.value = text;
  fields(field.name + '.code').forEach(hidden => { hidden.value = code; });
  changed();
}

function close(field) {
  list.remove();
  list.textContent = '';
  field.setAttribute('aria-expanded', false);
  field.removeAttribute('aria-activedescendant');
}

function suggest(field, places) {
  close(field);
  if (!places[0] || document.activeElement != field) return;
  places.forEach(({full, code}, index) => {
    const option = list.appendChild(make('li', full, {id: '_places' + index}));
    option.setAttribute('role', 'option');
    option.onclick = () => {
      setPlace(field, full, code);
      close(field);
    };
  });
  field.after(list);
  field.setAttribute('aria-expanded', true);
}

function mark(field, option) {
  const marked = list.querySelector('[aria-selected]');
  if (marked) marked.removeAttribute('aria-selected');
  option.setAttribute('aria-selected', true);
  option.scrollIntoView({block: 'nearest'});
  field.setAttribute('aria-activedescendant', option.id);
}

form.addEventListener('focusin', ({target}) => {
  if (isPlace(target)) Object.entries({role: 'combobox', 'aria-expanded': false, 'aria-controls': '_places',
    'aria-autocomplete': 'list'}).forEach(([name, value]) => target.setAttribute(name, value));
});
form.addEventListener('focusout', ({target}) => { if (isPlace(target)) close(target); });
// The field keeps its focus, and the list with it, while an option is being pressed.
list.onmousedown = event => event.preventDefault();

form.addEventListener('input', ({target}) => {
  if (!isPlace(target)) return;
  fields(target.name + '.code').forEach(hidden => { hidden.value = ''; });
  clearTimeout(asking);
  const text = target.value;
  asking = setTimeout(() => load(`?q=${encodeURIComponent(text)}&lang=${language}`)
    .then(places => { if (target.value == text) suggest(target, places); }, () => {}), 200);
});

// Runs before form.js hears of Enter.
form.addEventListener('keydown', event => {
  const field = event.target;
  if (!list.firstChild || !isPlace(field) || event.isComposing) return;
  const marked = list.querySelector('[aria-selected]');
  if (event.key == 'ArrowDown') mark(field, marked && marked.nextSibling || list.firstChild);
  else if (event.key == 'ArrowUp') mark(field, marked && marked.previousSibling || list.lastChild);
  else if (event.key == 'Escape') close(field);
  else if (event.key == 'Enter' && marked) marked.click();
  else return;
  event.preventDefault();
}, true);

// One level of the choice step by step; what is chosen stands in the field at once. A place is [digits, name,
// initials, places inside it], its code the digits of all around it and its own (domain.places.province_tree).
function level(field, box, places, before, digits) {
  const select = box.appendChild(make('select'));
  const word = T.levels[Math.min(8, (digits + places[0][0]).length) / 2 - 1];
  select.setAttribute('aria-label', word);
  [word].concat(places.map(place => place[1])).forEach(name => select.add(new Option(name)));
  select.onchange = () => {
    while (select.nextSibling) select.nextSibling.remove();
    const place = places[select.selectedIndex - 1];
    if (!place) return;
    const code = digits + place[0], full = before + place[1];
    setPlace(field, full, code.padEnd(6, 0));
    (digits ? Promise.resolve(place[3] || []) : load('/' + code))
      .then(inner => inner[0] && level(field, box, inner, full, code), () => {});
  };
}

form.addEventListener('click', ({target}) => {
  if (!target.matches('.place>button')) return;
  if (target.nextElementSibling) return target.nextElementSibling.remove();
  const box = make('div', '', {className: 'steps'});
  target.after(box);
  load('/provinces').then(found => level(target.parentNode.querySelector('input[id]'), box,
    found.map(({code, name}) => [code.slice(0, 2), name]), '', '')).catch(() => box.remove());
});
form.querySelectorAll('.place>button').forEach(button => { button.hidden = false; });
