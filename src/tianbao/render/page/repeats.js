// Rows of a repeat come and go at once. A new row is a copy of the first, emptied.

const rowsOf = repeat => [...repeat.children].filter(part => part.matches('.row'));

// Counts the rows anew: in what is read, in every name and reference, and in what the buttons offer.
function renumber(repeat) {
  const rows = rowsOf(repeat);
  rows.forEach((row, index) => {
    row.querySelector('legend').textContent = index + 1;
    row.querySelectorAll('*').forEach(part => [...part.attributes].forEach(attribute => {
      attribute.value = attribute.value.replace(RegExp(`(^|[ :])${repeat.id}\\.\\d+`, 'g'), `$1${repeat.id}.${index}`);
    }));
  });
}

function empty(row) {
  row.querySelectorAll('.error,.which,.steps,.row + .row').forEach(part => part.remove());
  row.querySelectorAll('[name]').forEach(field => {
    field.removeAttribute('aria-invalid');
    if (/radio|checkbox/.test(field.type)) field.checked = false;
    else if (field.type != 'submit') field.value = '';
  });
}

function addRow(repeat) {
  const rows = rowsOf(repeat);
  const row = rows[0].cloneNode(true);
  empty(row);
  rows.pop().after(row);
  renumber(repeat);
  changed();
  return row;
}

makeRows = name => name.replace(/\.\d+(?=\.)/g, (index, at) => {
  const repeat = byId(name.slice(0, at));
  while (repeat && index.slice(1) >= rowsOf(repeat).length) addRow(repeat);
});

form.addEventListener('click', event => {
  const [action, path] = event.target.name == '_action' ? event.target.value.split(':') : [];
  if (!path) return;
  event.preventDefault();
  const repeat = event.target.closest('.repeat');
  let target = repeat.lastElementChild;
  if (action == 'add') target = addRow(repeat).querySelector('input,select');
  else if (rowsOf(repeat)[1]) event.target.closest('.row').remove();
  else empty(event.target.closest('.row'));
  renumber(repeat);
  changed();
  target.focus();
});

// One empty row cannot be removed, and no more than the most can be added.
function offer() {
  form.querySelectorAll('.repeat').forEach(repeat => {
    const rows = rowsOf(repeat);
    rows.forEach(row => { row.querySelector('button').hidden = !rows[1] && !pairs(row)[0]; });
    repeat.lastElementChild.hidden = rows.length >= repeat.dataset.max;
  });
}
onChange(offer);
offer();
