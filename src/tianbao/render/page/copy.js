// Copies one's own link. execCommand, because the newer way does not exist on plain HTTP nor in old WebViews.
const copy = document.getElementById('_copy');
const own = document.getElementById('_own');
copy.hidden = false;
copy.onclick = () => {
  own.select();
  own.setSelectionRange(0, own.value.length);
  if (document.execCommand('copy')) copy.textContent = copy.dataset.done;
};
