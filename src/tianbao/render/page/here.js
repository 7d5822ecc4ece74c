// Where the phone is, if it may say so.
if (isSecureContext && navigator.geolocation) form.querySelectorAll('.here').forEach(button => { button.hidden = false; });
form.addEventListener('click', ({target}) => {
  if (!target.matches('.here')) return;
  const field = target.previousElementSibling;
  target.disabled = true;
  navigator.geolocation.getCurrentPosition(({coords}) => {
    target.disabled = false;
    field.value = [coords.latitude.toFixed(6), coords.longitude.toFixed(6), Math.round(coords.altitude || 0), Math.round(coords.accuracy)].join(' ');
    mark(field.name);
    changed(field);
  }, () => {
    target.disabled = false;
    mark(field.name, T.nowhere);
  }, {enableHighAccuracy: true, timeout: 20000});
});
