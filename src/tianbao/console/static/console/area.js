// Helps to name an area: suggestions while typing, or a choice level by level.

import {PlaceBox, load, make} from './place_box.js';

class AreaField {
  constructor(box) {
    this.box = box;
    this.input = box.querySelector('input[id]');
    this.code = box.querySelector('input[type=hidden]');
    this.place = new PlaceBox(this.input, {label: box.dataset.count, onCode: code => this.setCode(code)});
    this.tree = box.querySelector('.area-tree');
    this.tree.hidden = false;
    this.tree.addEventListener('toggle', () => this.opened(), {once: true});
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
    this.place.choose(full, code.padEnd(6, '0'));
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
