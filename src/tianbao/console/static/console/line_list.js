// Keeps the first page of the line list up to date: new rows come in on top, changed ones in their place.
// While somebody reads further down, they wait behind a button. It asks only while the page is seen.

const EVERY_MS = 2000;
const ROWS_MAX = 100;

const table = document.getElementById('lines');
const body = table.tBodies[0];
const fresh = document.getElementById('fresh');
let since = table.dataset.now;
let waiting = [];

const rowOf = id => body.querySelector(`tr[data-id="${id}"]`);

function put(row) {
  const known = rowOf(row.dataset.id);
  if (known) {
    if (known.innerHTML !== row.innerHTML) known.replaceWith(row);
    return;
  }
  row.classList.add('new');
  setTimeout(() => row.classList.remove('new'), 4000);
  body.prepend(row);
  while (body.rows.length > ROWS_MAX) body.lastElementChild.remove();
  table.parentElement.hidden = false;
  const empty = document.getElementById('empty');
  if (empty) empty.remove();
}

function showWaiting() {
  waiting.forEach(put);
  waiting = [];
  fresh.hidden = true;
}

function receive(html) {
  const template = document.createElement('template');
  template.innerHTML = html;
  const rows = [...template.content.querySelectorAll('tr')].reverse(); // the oldest first, each on top of the last
  const isReading = window.scrollY > 300;
  for (const row of rows) {
    if (!isReading || rowOf(row.dataset.id)) put(row);
    else if (!waiting.some(other => other.dataset.id === row.dataset.id)) waiting.push(row);
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
  showWaiting();
  window.scrollTo({top: 0});
});

async function follow() {
  await ask().catch(() => {}); // without the network it asks again
  setTimeout(follow, EVERY_MS);
}

if (table.dataset.live) setTimeout(follow, EVERY_MS);
