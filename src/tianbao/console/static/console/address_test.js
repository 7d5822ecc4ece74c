// Asks whether the phone has arrived until it has; without this the page has a "check again" link.

const ASK_EVERY_MS = 1500;
const state = document.querySelector('[data-poll]');

async function ask() {
  if (!document.hidden) {
    const answer = await fetch(state.dataset.poll).catch(() => null);
    if (answer && answer.status === 410) return;
    if (answer && answer.ok) {
      const html = await answer.text();
      if (html !== state.innerHTML) state.innerHTML = html;
    }
  }
  if (!state.querySelector('[data-done]')) setTimeout(ask, ASK_EVERY_MS);
}

if (state) {
  document.querySelector('.no-script').remove();
  ask();
}

// The code on the screen always belongs to the address that is chosen.
for (const choice of document.querySelectorAll('[name=choice]')) {
  choice.addEventListener('change', () => {
    if (choice.value === 'other') document.getElementById('other').focus();
    else document.querySelector('button[value=test]').click();
  });
}
