// The form's way into the queue, and its draft until then.

const here = {...form.dataset};
const draftLine = byId('_draft');
let draft = Promise.resolve(), typing, shown;

const random = length => [...crypto.getRandomValues(new Uint8Array(length))];

// RFC 9562 §5.7
const uuid7 = () => (Date.now().toString(16).padStart(12, 0) + random(10).map(byte => (byte + 256).toString(16).slice(1)).join(''))
  .replace(/(.{8})(.{4}).(.{3}).(.{3})/, '$1-$2-7$3-a$4-');

const secret = () => btoa(String.fromCharCode(...random(16))).slice(0, 22).replace(/\+/g, '-').replace(/\//g, '_');

// The answers nested as the contract has them; rows keep their places, so that problems find them again.
function nest(given) {
  const object = () => Object.create(null), root = object();
  given.forEach(([name, value]) => {
    const path = name.split('.'), last = path.pop();
    let level = root;
    path.forEach((part, index) => {
      if (Array.isArray(level)) while (level.length <= part) level.push(object());
      else if (typeof level[part] == 'string') level[part] = {text: level[part]};
      else if (!level[part]) level[part] = isNaN(path[index + 1] || last) ? object() : [];
      level = level[part];
    });
    level[last] = level[last] ? level[last] + ' ' + value : value;
  });
  return root;
}

form.addEventListener('submit', async event => {
  if (event.defaultPrevented) return;
  event.preventDefault();
  form.hidden = true;
  say(T.sending);
  panel.focus();
  // What was touched shows that it heard, and then the work begins.
  await new Promise(done => setTimeout(done, 50));
  const id = uuid7(), given = pairs(), entry = shown = {...here, id, pairs: given,
    body: JSON.stringify({id, secret: secret(), version: +here.version, answers: nest(given)})};
  await draft;
  entry.isKept = await keep('entry ' + id, entry, draftName(here));
  queue.add(entry);
  again.onclick();
});

takeBack = (entry, problems) => {
  if (entry.url != here.url || (form.hidden ? entry != shown : pairs()[0])) return;
  form.hidden = false;
  fill(entry.pairs);
  show(problems);
  return true;
};

another.onclick = () => {
  another.hidden = true;
  form.hidden = false;
  clear();
  form.querySelector('[id][name]').focus();
};

function saveDraft() {
  if (typing && !form.hidden) {
    const given = pairs();
    draft = draft.then(() => given[0] ? keep(draftName(here), {pairs: given}) : forget(draftName(here)));
    draft.then(isKept => { draftLine.hidden = !isKept; });
  }
  typing = 0;
}
// While somebody types on, too: not only once they pause.
onChange(() => {
  typing = typing || setTimeout(saveDraft, 50);
});
window.onbeforeunload = saveDraft;
draftLine.lastElementChild.onclick = clear;

kept.then(all => {
  const found = all[draftName(here)];
  if (!found || !found.isKept) return;
  fill(found.pairs);
  show(found.problems || []);
});

// Back from the receipt to a page that some browsers keep as it was left.
window.onpageshow = event => {
  if (event.persisted && form.hidden && !queue.size) location.reload();
};
