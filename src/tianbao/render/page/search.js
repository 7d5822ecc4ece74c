// A field above a long list that narrows it to what is typed.
form.addEventListener('input', ({target}) => {
  if (target.type != 'search') return;
  const list = target.nextElementSibling;
  narrow([list], {typed: target.value.trim().toLowerCase()});
  if (target.value && list.options[1] && !list.options[2]) list.selectedIndex = 1;
  changed(list);
});
form.querySelectorAll('.search>select').forEach(list => {
  const field = make('input', '', {type: 'search', placeholder: T.search, autocomplete: 'off'});
  field.setAttribute('aria-label', `${T.search}: ${labelOf(list.parentNode)}`);
  field.setAttribute('enterkeyhint', 'next');
  list.before(field);
});
// Where answers are put in or taken out, nothing is searched for any more.
onChange(({target}) => {
  if (target == form) form.querySelectorAll('.search>select').forEach(list => {
    list.previousElementSibling.value = '';
    narrow([list], {typed: ''});
  });
});
