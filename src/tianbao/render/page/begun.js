// When somebody began.
form.querySelectorAll('[data-begun]').forEach(field => { field.value = new Date().toISOString(); });
