// Leaves only those choices of a list that fit. Not every browser hides an option, so that options come and go; what
// a search leaves is left again by the condition, and the other way round.
function narrow(list, more) {
  const [first] = list;
  if (!first.options) return list.forEach((field, index) => {
    const fits = more.fits(index);
    field.closest('label').hidden = !fits;
    if (!fits) field.checked = false;
  });
  const {value} = first;
  Object.assign(first.all = first.all || [...first.options], more);
  const {fits = () => true, typed = ''} = first.all;
  first.all.forEach((option, index) => {
    if (!option.value || fits(index - 1) && option.text.toLowerCase().includes(typed)) first.add(option);
    else option.remove();
  });
  // What comes back may still be chosen from before.
  first.value = value;
  if (first.value != value) first.value = '';
}
