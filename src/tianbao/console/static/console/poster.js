// The preview follows the choice at once; choosing sites opens their list.

const preview = document.querySelector('[data-preview]');
if (preview) {
  preview.querySelector('[data-refresh]').hidden = true;
  preview.addEventListener('change', () => preview.submit());
}

const list = document.querySelector('[data-chosen]');
if (list) {
  const choice = document.querySelector('[name=which][value=chosen]');
  for (const radio of document.querySelectorAll('[name=which]')) {
    radio.addEventListener('change', () => { list.open = choice.checked; });
  }
  list.addEventListener('change', () => { choice.checked = true; });
}
