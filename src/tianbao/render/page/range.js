// A slider beside the number. It says nothing until it is touched.
const follow = slider => {
  slider.value = slider.nextSibling.value;
  slider.className = slider.nextSibling.value ? '' : 'untouched';
};
form.querySelectorAll('[type=number]').forEach(field => {
  const {min, max, step} = field;
  const slider = make('input', '', {type: 'range', min, max, step});
  slider.setAttribute('aria-label', labelOf(field.parentNode));
  field.before(slider);
  follow(slider);
});
onChange(({target}) => {
  if (target.type == 'range') {
    target.nextSibling.value = target.value;
    changed(target.nextSibling);
  } else (target.name ? target.parentNode : target).querySelectorAll('[type=range]').forEach(follow);
});
