// Remembers large type. The switch itself is CSS.
const large = document.getElementById('_large');
try {
  large.checked = localStorage.large;
  large.onchange = () => { localStorage.large = large.checked ? 1 : ''; };
} catch (e) { /* storage is switched off: the switch holds for this page */ }
