// A field for a place: suggestions while typing, as the ARIA combobox pattern has it. It only helps: the server
// reads what stands in the field. Uses the public /places of the same server.

const TYPING_PAUSE_MS = 200;
const language = document.documentElement.lang;

export const load = path => fetch('/places' + path).then(answer => (answer.ok ? answer.json() : []));

export function make(name, properties) {
  return Object.assign(document.createElement(name), properties);
}

export class PlaceBox {
  // `onCode(code)` hears what was chosen, and '' as soon as something else is typed. With `takesFirst` the first
  // suggestion is marked at once, so that Enter takes it and Escape keeps what was typed.
  constructor(input, {label, onCode, takesFirst = false}) {
    Object.assign(this, {input, onCode, takesFirst});
    this.list = make('ul', {className: 'area-list', id: input.id + '-list', hidden: true});
    this.list.setAttribute('role', 'listbox');
    this.list.setAttribute('aria-label', label);
    input.after(this.list);
    for (const [name, value] of [['role', 'combobox'], ['aria-autocomplete', 'list'], ['aria-expanded', 'false'], ['aria-controls', this.list.id]]) {
      input.setAttribute(name, value);
    }
    input.addEventListener('input', () => this.typed());
    input.addEventListener('keydown', event => this.pressed(event));
    input.addEventListener('blur', () => this.close());
    this.list.addEventListener('mousedown', event => event.preventDefault());
  }

  choose(text, code) {
    this.input.value = text;
    this.onCode(code);
    this.close();
  }

  typed() {
    this.onCode('');
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
    if (this.takesFirst) this.mark(null, this.list.firstChild);
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
    else if (event.key === 'Enter' && marked && !event.ctrlKey) marked.click();
    else return;
    event.preventDefault();
  }

  mark(before, option) {
    if (before) before.setAttribute('aria-selected', 'false');
    option.setAttribute('aria-selected', 'true');
    option.scrollIntoView({block: 'nearest'});
    this.input.setAttribute('aria-activedescendant', option.id);
  }
}
