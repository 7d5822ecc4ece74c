// Shows how far a download is while the browser takes it.

const EVERY_MS = 1000;

const form = document.getElementById('export');
const panel = document.getElementById('progress');
const [bar, text] = panel.children;

async function ask() {
  const answer = await fetch(form.dataset.progress, {headers: {Accept: 'application/json'}}).catch(() => null);
  if (answer && answer.ok) {
    const {done, total, finished} = await answer.json();
    bar.max = total || 1;
    bar.value = finished ? bar.max : done;
    text.textContent = finished ? panel.dataset.done : panel.dataset.going.replace('{done}', done).replace('{total}', total);
    if (finished) return;
  }
  setTimeout(ask, EVERY_MS);
}

form.addEventListener('submit', () => {
  panel.hidden = false;
  form.querySelector('button.button').disabled = true;
  setTimeout(ask, EVERY_MS / 4);
});
