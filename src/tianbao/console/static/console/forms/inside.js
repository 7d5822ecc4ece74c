// Inside the preview's frame: keeps answers from being sent, says which question was touched, shows the one asked for.
(() => {
  const notice = document.getElementById('_preview');
  const tell = message => parent.postMessage(message, '*');
  const stop = event => {
    event.preventDefault();
    notice.textContent = NOTICE;
    notice.scrollIntoView({block: 'center'});
    notice.classList.remove('told');
    void notice.offsetWidth;
    notice.classList.add('told');
  };
  addEventListener('submit', stop, true);

  addEventListener('click', event => {
    const link = event.target.closest('a[href]');
    const language = link && /^\?lang=(.+)$/.exec(link.getAttribute('href'));
    if (language) {
      event.preventDefault();
      tell({language: language[1]});
    }
    const question = event.target.closest('.q');
    const part = question && (question.id ? question : question.querySelector('[id]'));
    if (part) tell({touched: part.id.replace(/:[a-z]+$/, '').replace(/\.\d+(?=\.)/g, '')});
  }, true);

  addEventListener('message', event => {
    if (event.source !== parent || typeof event.data.show !== 'string') return;
    const parts = event.data.show.split('.');
    const found = document.getElementById(parts.join('.')) || document.getElementById(parts.join('.0.'));
    let question = found && found.closest('.q, .row');
    document.querySelectorAll('.shown').forEach(part => part.classList.remove('shown'));
    if (!question) return;
    if (question.hidden) { // its condition does not hold: as near as one can see
      while (question && question.hidden) question = question.previousElementSibling;
    } else question.classList.add('shown');
    if (question) question.scrollIntoView({block: 'center', behavior: event.data.smooth ? 'smooth' : 'auto'});
  });
  tell({ready: true});
})();
