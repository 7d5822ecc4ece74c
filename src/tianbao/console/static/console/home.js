// Keeps the numbers fresh while the screen is seen and nobody is reading a table or stepping through links.

const EVERY_MS = 5000;
const numbers = document.getElementById('numbers');

async function refresh() {
  if (document.hidden || numbers.contains(document.activeElement) || numbers.querySelector('details[open]')) return;
  const answer = await fetch(numbers.dataset.url);
  if (answer.ok && !answer.redirected) numbers.innerHTML = await answer.text();
}

async function follow() {
  await refresh().catch(() => {}); // without the network the last numbers stay
  setTimeout(follow, EVERY_MS);
}

setTimeout(follow, EVERY_MS);
document.addEventListener('visibilitychange', () => refresh().catch(() => {}));

// Choosing a site is enough; the button is for browsers without script.
const choose = document.getElementById('choose-site');
if (choose) {
  choose.querySelector('button').hidden = true;
  choose.addEventListener('change', () => choose.requestSubmit());
}
