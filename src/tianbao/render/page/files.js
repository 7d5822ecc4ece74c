// Files. Each is made smaller if it is a picture, kept on the phone where it may be, and sent as soon as it is chosen.
// The answer's field holds `token bytes name`, and `*id bytes name` until the server has it. filing.js gives
// what it needs of the page; T holds the texts.

const {mark, keep, forget, kept, queue, take} = window.tianbao;
const form = document.getElementById('_form'), progress = document.getElementById('_state').children[1];
const make = (tag, text, more) => Object.assign(document.createElement(tag), {textContent: text}, more);

// A file that is larger is not kept: encrypting it would take an old phone's memory.
const KEPT_LETTERS_MAX = 6e6;
const UNSENT = /\*[0-9a-f]{32}/g;

// What is not sent yet, by id: {path, name, data as base64}; what is being sent; the tokens of what was, which an
// entry that was written before may still ask for.
const files = {}, underWay = {}, tokens = {};

// → {token}, {problems}, {pause_s}, or {isGone} where the phone does not have it any more.
const sendFile = id => underWay[id] = underWay[id] || loaded.then(() => new Promise(done => {
  const file = files[id];
  if (tokens[id]) return done({token: tokens[id]});
  if (!file) return done({isGone: true});
  const request = new XMLHttpRequest();
  request.open('POST', `${form.dataset.url}/files?lang=${document.documentElement.lang}&for=${encodeURIComponent(file.path)}`);
  request.setRequestHeader('X-File-Name', encodeURIComponent(file.name));
  request.timeout = 2e4 + file.data.length;  // a kilobyte a second
  request.upload.onprogress = ({loaded: sent, total}) => {
    const bar = byAnswer(id).map(part => part.querySelector('progress'))[0];
    if (bar) bar.value = sent / total;
    progress.textContent = `${Math.round(sent / total * 100)} %`;
  };
  request.onloadend = () => {
    delete underWay[id];
    const {status} = request;
    let said = {};
    try { said = JSON.parse(request.responseText); } catch (e) { /* no network, or no answer of ours */ }
    tokens[id] = said.file;
    const isRefused = said.errors && status < 500 && status != 429;
    done(said.file ? {token: said.file} : isRefused ? {problems: said.errors} : {pause_s: +request.getResponseHeader('Retry-After')});
  };
  request.send(Uint8Array.from(atob(file.data), letter => letter.charCodeAt()));
}));

// The files of an entry before the entry. One that is gone stays as it is: what to do then the server says best.
take(async entry => {
  const unsent = entry.body.match(UNSENT) || [];
  if (!unsent[0]) return;
  if (entry.url != form.dataset.url) return {at: entry.url};
  await loaded;
  entry.isKept = entry.isKept && unsent.every(id => tokens[id.slice(1)] || (files[id.slice(1)] || {}).isKept);
  for (const id of unsent) {
    const answer = await sendFile(id.slice(1));
    if (answer.token) Object.assign(entry, JSON.parse(JSON.stringify(entry).split(id).join(answer.token)));
    else if (!answer.isGone) return answer;
  }
  if (entry.isKept && await keep('entry ' + entry.id, entry)) tidy();
});

// A picture's own word on which side is up is lost on the canvas; browsers that heed it draw it upright.
async function shrink(address, side) {
  if (!/^data:image/.test(address) || !CSS.supports('image-orientation', 'from-image')) return address;
  const image = await load(new Image(), one => { one.src = address; }).catch(() => {});
  if (!image || address.length < 5e5 && Math.max(image.width, image.height) <= side) return address;
  const scale = Math.min(1, side / Math.max(image.width, image.height));
  const canvas = make('canvas', '', {width: image.width * scale, height: image.height * scale});
  const paper = canvas.getContext('2d');
  paper.fillStyle = '#fff';
  paper.fillRect(0, 0, canvas.width, canvas.height);
  paper.drawImage(image, 0, 0, canvas.width, canvas.height);
  const smaller = canvas.toDataURL('image/jpeg', .85);
  return smaller.length < address.length ? smaller : address;
}

const load = (reader, start) => new Promise((done, fail) => {
  reader.onload = () => done(reader.result || reader);
  reader.onerror = fail;
  start(reader);
});

const allParts = () => [...form.querySelectorAll('.file')];
const answerOf = part => part.querySelector('.token');
const fieldOf = part => part.querySelector('[type=file]');
const idIn = part => (/^\*(\w+)/.exec(answerOf(part).value) || [])[1];
// Without “optional” behind it.
function labelOf(part) {
  const label = part.querySelector('label'), mark = label.querySelector('i');
  return label.innerText.slice(0, mark ? -1 - mark.innerText.length : undefined);
}

const wordsFor = (part, text) => text.replace('{question}', () => labelOf(part));
const byAnswer = id => allParts().filter(part => idIn(part) == id);
const sizeText = bytes => bytes < 1e6 ? `${Math.ceil(bytes / 1e3)}\u00a0kB` : `${(bytes / 1e6).toFixed(1)}\u00a0MB`;

function give(part, value) {
  answerOf(part).value = value;
  answerOf(part).dispatchEvent(new Event('change', {bubbles: true}));
}

// The line with what was chosen and how far it is.
function tell(part) {
  const known = part.querySelector('.kept');
  const [, sign, , bytes, name] = /^(\*?)(\S+) (\d+) (.*)/.exec(answerOf(part).value) || [];
  if (known) known.remove();
  fieldOf(part).style.color = name ? 'transparent' : '';  // the browser's own “no file chosen”
  if (!name) return;
  const line = make('p', '', {className: 'kept hint'});
  const button = (text, onclick) => {
    const added = line.appendChild(make('button', text, {type: 'button', className: 'link', onclick}));
    Object.assign(added.style, {display: 'inline', width: 'auto', marginRight: '.8em'});
  };
  line.append(make('bdi', name), ' ', make('span', sizeText(bytes)), ' ');
  if (sign && part.isFailed) {
    line.append(make('span', T.waiting), ' ');
    button(T.retry, () => deliver(part));
  } else if (sign) {
    const bar = make('progress', '');
    bar.setAttribute('aria-label', T.sending);
    line.append(bar, ' ');
  } else line.append(make('span', T.arrived), ' ');
  button(T.remove, () => {
    give(part, '');
    fieldOf(part).focus();
  });
  fieldOf(part).before(line);
}

async function deliver(part) {
  const {value} = answerOf(part), id = idIn(part);
  part.isFailed = false;
  tell(part);
  const {token, problems, isGone} = await sendFile(id);
  if (answerOf(part).value != value) return;
  part.isFailed = !token;
  if (token) give(part, value.replace('*' + id, token));
  else if (problems || isGone) {
    give(part, '');
    mark(fieldOf(part).id, problems ? problems[0].message : wordsFor(part, T.gone));
  } else tell(part);
}

async function choose(part) {
  const field = fieldOf(part), [chosen] = field.files;
  if (!chosen) return;
  mark(field.id);
  const megabytes = field.accept == 'image/*' ? T.megabytes[0] : T.megabytes[1];
  const address = await shrink(await load(new FileReader(), one => one.readAsDataURL(chosen)), field.dataset.side || T.side);
  const data = address.split(',')[1] || '', bytes = data.length * .75 | 0;
  field.value = '';
  if (bytes > megabytes * 1048576) return mark(field.id, wordsFor(part, T.large).replace('{mb}', megabytes));
  const id = [...crypto.getRandomValues(new Uint8Array(16))].map(byte => (byte + 256).toString(16).slice(1)).join('');
  const file = files[id] = {path: field.id, name: chosen.name, data};
  give(part, `*${id} ${bytes} ${chosen.name}`);
  deliver(part);
  file.isKept = data.length < KEPT_LETTERS_MAX && await keep('file ' + id, file);
}

// What no answer refers to any more is kept no longer.
function tidy() {
  const used = allParts().map(part => answerOf(part).value).concat([...queue].map(entry => entry.body)).join();
  Object.keys(files).filter(id => !used.includes(id)).forEach(id => {
    delete files[id];
    forget('file ' + id);
  });
}

form.addEventListener('change', ({target}) => {
  const part = target.closest('.file');
  if (part && target == fieldOf(part)) return choose(part);
  if (part) tell(part);
  else if (target == form) allParts().forEach(one => idIn(one) ? deliver(one) : tell(one));
  else return;
  loaded.then(tidy);
});
window.addEventListener('online', () => allParts().filter(part => part.isFailed && idIn(part)).forEach(deliver));

const loaded = kept.then(all => {
  Object.keys(all).filter(name => /^file/.test(name)).forEach(name => { files[name.slice(5)] = {...all[name], isKept: true}; });
  allParts().forEach(part => { if (idIn(part)) deliver(part); else tell(part); choose(part); });
});
