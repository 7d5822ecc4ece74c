// A choice that stands alone ("none of these") unticks the others, and they untick it.
onChange(({target}) => {
  if (target.checked) fields(target.name).forEach(other => {
    if (other != target && ('alone' in other.dataset || 'alone' in target.dataset)) other.checked = false;
  });
});
