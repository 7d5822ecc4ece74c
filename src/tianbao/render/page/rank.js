// Entries put in order by buttons. The drop-down lists, one for each place, keep the answer.
function write(box) {
  const lists = [...box.parentNode.querySelectorAll('select')], options = [...lists[0].options].slice(1);
  const isAnswered = lists[0].value, names = (isAnswered ? lists : options).map(one => one.value);
  const settle = () => {
    lists.forEach((list, index) => { list.value = names[index]; });
    changed(lists[0]);
  };
  box.textContent = '';
  const order = box.appendChild(make('ol'));
  names.forEach((name, index) => {
    const text = options.find(option => option.value == name).text, entry = order.appendChild(make('li', text));
    [['↑', -1, T.up], ['↓', 1, T.down]].forEach(([sign, step, word]) => {
      const button = make('button', sign, {type: 'button', disabled: !names[index + step], onclick() {
        names.splice(index + step, 0, ...names.splice(index, 1));
        settle();
        const moved = box.firstChild.children[index + step];
        (moved.querySelector(`button:nth-child(${step < 0 ? 1 : 2}):enabled`) || moved.querySelector(':enabled')).focus();
      }});
      button.setAttribute('aria-label', `${word}: ${text}`);
      entry.append(button);
    });
  });
  if (!isAnswered) box.append(make('button', T.order, {type: 'button', className: 'quiet', onclick: settle}));
}

form.querySelectorAll('.rank').forEach(rank => {
  rank.querySelectorAll('label').forEach(place => { place.className = 'away'; });
  rank.append(make('div', '', {className: 'order'}));
});
const writeAll = part => part.querySelectorAll('.order').forEach(write);
onChange(({target}) => {
  const part = target.name ? target.closest('.rank') : target;
  if (part) writeAll(part);
});
writeAll(form);
