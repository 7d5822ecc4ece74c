// Rows of a repeat come and go at once. A new row is a copy of the first as it came; it keeps its number in the names
// of its fields when others go, so that nothing else has to change.

const rowsOf = repeat => [...repeat.children].filter(part => part.matches('.row'));
const seeds = {};
const seedOf = repeat => seeds[repeat.id.replace(/\.\d+/g, '')];

form.querySelectorAll('.repeat').forEach(repeat => {
  const row = rowsOf(repeat)[0].cloneNode(true);
  row.querySelectorAll('.error,.which,.row + .row').forEach(part => part.remove());
  // What somebody filled in already is no default.
  if (!byId('_draft')) named(row).forEach(field => {
    field.removeAttribute('aria-invalid');
    if (isBox(field)) field.checked = false;
    else if (field.type != 'submit') field.value = '';
  });
  seeds[repeat.id.replace(/\.\d+/g, '')] = row;
});

function addRow(repeat, index = 1 + +rowsOf(repeat).pop().dataset.at.match(/(\d+)\.$/)[1]) {
  const row = seedOf(repeat).cloneNode(true), from = RegExp('(^|[ :])' + row.dataset.at.slice(0, -1) + '(?=[.:]|$)', 'g');
  [row, ...row.querySelectorAll('*')].forEach(part => part.getAttributeNames().forEach(name => {
    const value = part.getAttribute(name), renamed = value.replace(from, `$1${repeat.id}.${index}`);
    if (renamed != value) part.setAttribute(name, renamed);
  }));
  rowsOf(repeat).pop().after(row);
  return row;
}

makeRows = name => name.replace(/\.(\d+)(?=\.)/g, (all, index, at) => {
  const repeat = byId(name.slice(0, at));
  if (repeat && !rowsOf(repeat).some(row => row.dataset.at == name.slice(0, at) + all + '.')) addRow(repeat, index);
});

form.addEventListener('click', event => {
  const {target} = event;
  const [action, path] = target.name == '_action' ? target.value.split(':') : [];
  if (!path) return;
  event.preventDefault();
  const repeat = target.closest('.repeat'), row = rowOf(target), isGone = action != 'add';
  const added = isGone && rowsOf(repeat)[1] ? '' : addRow(repeat), next = row && row.nextElementSibling;
  if (isGone) row.remove();
  changed(repeat);
  // What was touched shows first, since the focus lays the page out once more: on the first field of a new row that
  // takes it, or on what stands now where the row stood; unless somebody was faster.
  const held = document.activeElement;
  setTimeout(() => held == document.activeElement &&
    [...added ? added.querySelectorAll('input,select,textarea') : [next.children[1] || next]].some(field => {
      field.focus();
      return document.activeElement == field;
    }), 50);
});

// Only what changes is written, since each writing lays the row out again.
function countRow({firstElementChild}, index) {
  if (firstElementChild.textContent != index + 1) firstElementChild.textContent = index + 1;
}

// Rows count from 1. One empty row cannot be removed, and no more than the most can be added.
function offer(repeat) {
  const rows = rowsOf(repeat), add = repeat.lastElementChild;
  rows.forEach(countRow);
  if (add.value != 'add:' + repeat.id) return;
  rows.forEach(row => { row.children[1].hidden = !rows[1] && isBlank(row); });
  add.hidden = rows.length >= repeat.dataset.max;
}
onChange(({target}) => {
  if (target == form) return form.querySelectorAll('.repeat').forEach(offer);
  const repeat = target.closest('.repeat');
  if (repeat && (repeat == target || !rowsOf(repeat)[1])) offer(repeat);
});
form.querySelectorAll('.repeat').forEach(offer);
