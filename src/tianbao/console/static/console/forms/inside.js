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

  let asked = null;
  const isSeen = part => part.getClientRects().length > 0;
  const mark = () => {
    const parts = asked.split('.');
    const found = document.getElementById(parts.join('.')) || document.getElementById(parts.join('.0.'));
    const question = found && found.closest('.q, .row');
    document.querySelectorAll('.shown').forEach(part => part.classList.remove('shown'));
    if (question && isSeen(question)) question.classList.add('shown');
    tell({unseen: Boolean(question) && !isSeen(question)});
    return question;
  };
  addEventListener('message', event => {
    if (event.source !== parent || typeof event.data.show !== 'string') return;
    asked = event.data.show;
    let place = mark(); // or, where its condition does not hold, as near as one can see
    while (place && !isSeen(place)) place = place.previousElementSibling || place.parentNode.closest('.q, .row');
    if (place) place.scrollIntoView({block: 'center', behavior: event.data.smooth ? 'smooth' : 'auto'});
  });
  addEventListener('change', () => setTimeout(() => { if (asked !== null) mark(); }));
  tell({ready: true});
})();
