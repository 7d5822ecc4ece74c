// Helps to name an area: suggestions while typing (the ARIA combobox pattern), or a choice level by level.
// Only helps: the server reads what stands in the field. Uses the public /places of the same server.

const TYPING_PAUSE_MS = 200;
const language = document.documentElement.lang;

const load = path => fetch('/places' + path).then(answer => (answer.ok ? answer.json() : []));

function make(name, properties) {
  return Object.assign(document.createElement(name), properties);
}

class AreaField {
  constructor(box) {
    this.box = box;
    this.input = box.querySelector('input[id]');
    this.code = box.querySelector('input[type=hidden]');
    this.list = make('ul', {className: 'area-list', id: this.input.id + '-list', hidden: true});
    this.list.setAttribute('role', 'listbox');
    this.list.setAttribute('aria-label', box.dataset.count);
    this.input.after(this.list);
    for (const [name, value] of [['role', 'combobox'], ['aria-autocomplete', 'list'], ['aria-expanded', 'false'], ['aria-controls', this.list.id]]) {
      this.input.setAttribute(name, value);
    }
    this.input.addEventListener('input', () => this.typed());
    this.input.addEventListener('keydown', event => this.pressed(event));
    this.input.addEventListener('blur', () => this.close());
    this.list.addEventListener('mousedown', event => event.preventDefault());
    this.tree = box.querySelector('.area-tree');
    this.tree.hidden = false;
    this.tree.addEventListener('toggle', () => this.opened(), {once: true});
  }

  choose(text, code) {
    this.input.value = text;
    this.setCode(code);
    this.close();
  }

  // The server's candidates, which carry the code while they stand, belong to the text they were found for.
  setCode(code) {
    const candidates = this.box.querySelector('.area-candidates');
    if (candidates) {
      this.code = make('input', {type: 'hidden', name: this.input.name + '_code'});
      candidates.replaceWith(this.code);
    }
    this.code.value = code;
  }

  typed() {
    this.setCode('');
    clearTimeout(this.waiting);
    const text = this.input.value.trim();
    if (!text) return this.close();
    this.waiting = setTimeout(async () => {
      const places = await load(`?q=${encodeURIComponent(text)}&lang=${language}`).catch(() => []);
      if (this.input.value.trim() === text) this.show(places);
    }, TYPING_PAUSE_MS);
  }

  show(places) {
    this.close();
    if (!places.length || document.activeElement !== this.input) return;
    places.forEach((place, index) => {
      const option = make('li', {id: `${this.list.id}-${index}`, textContent: place.full});
      option.setAttribute('role', 'option');
      option.setAttribute('aria-selected', 'false');
      option.addEventListener('click', () => this.choose(place.full, place.code));
      this.list.append(option);
    });
    this.list.hidden = false;
    this.input.setAttribute('aria-expanded', 'true');
  }

  close() {
    this.list.hidden = true;
    this.list.replaceChildren();
    this.input.setAttribute('aria-expanded', 'false');
    this.input.removeAttribute('aria-activedescendant');
  }

  pressed(event) {
    if (this.list.hidden || event.isComposing) return;
    const marked = this.list.querySelector('[aria-selected=true]');
    if (event.key === 'ArrowDown') this.mark(marked, (marked && marked.nextSibling) || this.list.firstChild);
    else if (event.key === 'ArrowUp') this.mark(marked, (marked && marked.previousSibling) || this.list.lastChild);
    else if (event.key === 'Escape') this.close();
    else if (event.key === 'Enter' && marked) marked.click();
    else return;
    event.preventDefault();
  }

  mark(before, option) {
    if (before) before.setAttribute('aria-selected', 'false');
    option.setAttribute('aria-selected', 'true');
    option.scrollIntoView({block: 'nearest'});
    this.input.setAttribute('aria-activedescendant', option.id);
  }

  async opened() {
    this.levels = this.tree.querySelector('.area-levels');
    const provinces = await load('/provinces').catch(() => []);
    const places = provinces.map(({code, name}) => ({digits: code.slice(0, 2), name, load: () => load('/' + code.slice(0, 2))}));
    this.addLevel(0, places, '', '');
  }

  addLevel(depth, places, before, digits) {
    const label = this.box.dataset[['province', 'city', 'county', 'township'][depth]];
    const select = make('select', {ariaLabel: label});
    select.add(new Option(`${label}…`, ''));
    for (const place of places) select.add(new Option(place.name));
    select.addEventListener('change', () => this.picked(select, depth, places, before, digits));
    this.levels.append(select);
  }

  async picked(select, depth, places, before, digits) {
    while (select.nextSibling) select.nextSibling.remove();
    const place = places[select.selectedIndex - 1];
    if (!place) return;
    const full = before + place.name;
    const code = digits + place.digits;
    this.choose(full, code.padEnd(6, '0'));
    const below = await place.load().catch(() => []);
    if (!below.length || select !== this.levels.lastChild) return;
    const inner = below.map(([own, name, , places = []]) => ({digits: own, name, load: async () => places}));
    this.addLevel(depth + 1, inner, full, code);
  }
}

for (const box of document.querySelectorAll('[data-area]')) new AreaField(box);

// Elsewhere the area is not asked, and the browser knows the time zone.
const elsewhere = document.querySelector('[data-elsewhere]');
if (elsewhere) {
  const follow = () => {
    document.querySelector('[data-area]').hidden = elsewhere.checked;
    const zone = document.getElementById('time_zone');
    if (elsewhere.checked && !zone.value) zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone;
  };
  elsewhere.addEventListener('change', follow);
  follow();
}
