// A file of an answer goes straight to the edge, which seals it; the form is saved with the token that comes back, and
// not before.

const size = bytes => bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1e3))} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
const underWay = new Set();

const partOf = field => field.closest('[data-part]');
const valueOf = field => partOf(field).querySelector('[type=hidden]');

function show(field, text) {
  const kept = partOf(field).querySelector('.file-kept');
  kept.hidden = !text;
  kept.querySelector('bdi').textContent = text;
}

function say(field, sentence) {
  const problem = partOf(field).querySelector('.file-problem');
  problem.textContent = sentence;
  problem.hidden = !sentence;
}

function give(field, value, text) {
  valueOf(field).value = value;
  show(field, text);
  field.dispatchEvent(new Event('input', {bubbles: true}));
}

async function send(field) {
  const [file] = field.files, before = partOf(field).querySelector('bdi').textContent;
  field.value = '';
  say(field, '');
  show(field, field.dataset.sending);
  underWay.add(field);
  const said = await fetch(`${field.dataset.upload}&lang=${document.documentElement.lang}`, {
    method: 'POST',
    body: file,
    headers: {'X-File-Name': encodeURIComponent(file.name), Accept: 'application/json'},
  }).then(reply => reply.json()).catch(() => ({}));
  underWay.delete(field);
  if (said.file) return give(field, `${said.file} ${said.bytes} ${said.name}`, `${said.name} (${size(said.bytes)})`);
  show(field, before);
  return say(field, said.errors ? said.errors[0].message : field.dataset.failed);
}

document.addEventListener('change', ({target}) => {
  if (target.dataset.upload && target.files[0] && !underWay.has(target)) send(target);
});
document.addEventListener('click', ({target}) => {
  const button = target.closest('.file-kept button');
  if (!button) return;
  const field = partOf(button).querySelector('[type=file]');
  give(field, '', '');
  field.focus();
});
document.addEventListener('submit', event => {
  if (underWay.size) event.preventDefault();
});
