// When somebody began, as the clock at hand shows it: 2020-02-29T08:30:15+08:00.
const began = new Date();
const begunAt = new Date(began - began.getTimezoneOffset() * 6e4).toJSON().slice(0, 19)
  + String(began).slice(28, 33).replace(/..$/, ':$&');
form.querySelectorAll('[data-begun]').forEach(field => { field.value = begunAt; });
