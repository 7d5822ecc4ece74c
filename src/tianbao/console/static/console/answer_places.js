// Suggestions in the places of a form's answers.

import {PlaceBox, make} from './place_box.js';

for (const input of document.querySelectorAll('input[data-place]')) {
  const field = input.closest('.field');
  new PlaceBox(input, {
    label: input.dataset.place,
    takesFirst: true,
    onCode(code) {
      const candidates = field.querySelector('.area-candidates'); // they belong to the text before
      if (candidates) candidates.replaceWith(make('input', {type: 'hidden', name: input.name + '.code'}));
      field.querySelector('input[type=hidden]').value = code;
    },
  });
}
