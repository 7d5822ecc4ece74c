// What every screen does: go to the first field with a problem, show the menu where one is, close an open menu.

const here = document.querySelector('.tabs [aria-current]');
if (here) here.parentNode.scrollLeft = here.offsetLeft + here.offsetWidth / 2 - here.parentNode.clientWidth / 2;

const wrong = document.querySelector('[aria-invalid=true]');
if (wrong) wrong.focus();

const menu = document.querySelector('.menu');
if (menu) {
  document.addEventListener('click', event => { if (!menu.contains(event.target)) menu.open = false; });
  menu.addEventListener('keydown', event => {
    if (event.key !== 'Escape') return;
    menu.open = false;
    menu.querySelector('summary').focus();
  });
}
