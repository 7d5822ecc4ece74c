// Says in words how good a password is while it is typed. The server decides; this only saves a round trip.

const LENGTH_MIN = 10;
const box = document.querySelector('[data-strength]');
const input = box.querySelector('input');
const said = box.querySelector('.strength');

function judge(password) {
  if (password.length < LENGTH_MIN) return 'short';
  const different = new Set(password.toLowerCase()).size;
  if (different < 6 || /^\d+$/.test(password)) return 'weak';
  return password.length >= 16 || (password.length >= 13 && different >= 9) ? 'good' : 'fair';
}

input.addEventListener('input', () => {
  const level = input.value && judge(input.value);
  said.textContent = level ? box.dataset[level] : '';
  said.className = `strength strength-${level}`;
});
