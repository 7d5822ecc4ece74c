// Keeps the line list up to date: new rows come in at their place, changed ones where they stand. While somebody
// reads further down or on a later page, new ones wait behind a button. It asks only while the page is seen.

const EVERY_MS = 2000;
const ROWS_MAX = 100;
const LATE_MS = 10000; // a row may come this much later than its own time

const table = document.getElementById('lines');
const body = table.tBodies[0];
const fresh = document.getElementById('fresh');
const opened = Number(table.dataset.now);
const isFirst = Boolean(table.dataset.first);
let since = table.dataset.now;
let waiting = [];

const rowOf = id => body.querySelector(`tr[data-id="${id}"]`);
const timeOf = row => Date.parse(row.querySelector('time').dateTime);

function put(row) {
  const older = [...body.rows].find(other => timeOf(other) < timeOf(row));
  if (!older && table.dataset.more) return; // it belongs to a later page
  row.classList.add('new');
  setTimeout(() => row.classList.remove('new'), 4000);
  body.insertBefore(row, older || null);
  while (body.rows.length > ROWS_MAX) body.lastElementChild.remove();
  table.parentElement.hidden = false;
  const empty = document.getElementById('empty');
  if (empty) empty.remove();
}

function receive(html) {
  const template = document.createElement('template');
  template.innerHTML = html;
  const isReading = !isFirst || window.scrollY > 300;
  for (const row of template.content.querySelectorAll('tr')) {
    const known = rowOf(row.dataset.id);
    if (known) {
      if (known.innerHTML !== row.innerHTML) known.replaceWith(row);
    } else if (!isReading) put(row);
    else if (timeOf(row) > opened - LATE_MS && !waiting.some(other => other.dataset.id === row.dataset.id)) waiting.push(row);
  }
  fresh.hidden = !waiting.length;
  fresh.textContent = waiting.length === 1 ? fresh.dataset.one : fresh.dataset.many.replace('{count}', waiting.length);
}

async function ask() {
  if (document.hidden) return;
  const answer = await fetch(`${table.dataset.url}&since=${since}`, {headers: {Accept: 'application/json'}});
  if (!answer.ok || answer.redirected) return;
  const said = await answer.json();
  since = said.now_ms;
  if (said.count) document.getElementById('count').textContent = said.count;
  receive(said.html);
}

fresh.addEventListener('click', () => {
  if (!isFirst) return location.assign(table.dataset.newest);
  waiting.forEach(put);
  waiting = [];
  fresh.hidden = true;
  window.scrollTo({top: 0});
});

async function follow() {
  await ask().catch(() => {}); // without the network it asks again
  setTimeout(follow, EVERY_MS);
}

setTimeout(follow, EVERY_MS);
