// One box that ticks all of a name. Without script there is none.

for (const all of document.querySelectorAll('[data-all]')) {
  const form = all.closest('form');
  const boxes = [...form.querySelectorAll(`[name="${all.dataset.all}"]`)];
  const tell = () => {
    const ticked = boxes.filter(box => box.checked).length;
    all.checked = ticked === boxes.length;
    all.indeterminate = ticked > 0 && ticked < boxes.length;
  };
  all.closest('.choice').hidden = false;
  all.addEventListener('change', () => { for (const box of boxes) box.checked = all.checked; });
  form.addEventListener('change', tell);
  tell();
}
