// A place chosen level by level; what is chosen stands in the field at once. A place is [digits, name, initials,
// places inside it], its code the digits of all around it and its own (domain.places.province_tree).
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
    choose(field, full, code.padEnd(6, 0));
    (digits ? Promise.resolve(place[3] || []) : load('/places/' + code))
      .then(inner => inner[0] && level(field, box, inner, full, code), () => {});
  };
}

form.addEventListener('click', ({target}) => {
  if (!target.matches('.place>button')) return;
  if (target.nextElementSibling) return target.nextElementSibling.remove();
  const box = make('div', '', {className: 'steps'});
  target.after(box);
  load('/places/provinces').then(found => level(target.parentNode.querySelector('input[id]'), box,
    found.map(({code, name}) => [code.slice(0, 2), name]), '', '')).catch(() => box.remove());
});
form.querySelectorAll('.place>button').forEach(button => { button.hidden = false; });
