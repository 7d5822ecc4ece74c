// What files.js, a script of its own, takes from a page that asks for files. Until it is here, or where it does not come,
// the form is posted as without script.
window.tianbao = {mark, keep, forget, kept, queue, take(action) { sendFiles = action; }};
form.addEventListener('submit', event => {
  if (sendFiles == leaveFiles && [...form.querySelectorAll('[type=file]')].some(field => field.value)) event.stopImmediatePropagation();
});
