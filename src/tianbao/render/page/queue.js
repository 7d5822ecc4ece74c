// Sends what is kept until the server gives a receipt for it: at once, again after growing pauses, when the network
// comes back, at the next visit. Only an answer with our id and a receipt counts as sent. It works on every page that
// has queue.html.j2. An entry is {id, url, version, pairs, body}; `isKept` says that it is in the store.

const TIMEOUT_MS = 20000;
const PAUSE_S_MAX = 60;
const ASKED_S_MAX = 3600;

const panel = byId('_state');
const [status, progress, again, another] = panel.children;
const queue = new Set();
let attempts = 0, isSending, timer;

// Whether somebody waits before the panel, the form put away.
const isWaiting = () => form && form.hidden;

// Whether the page's form took back an entry that was refused; send.js knows.
let takeBack = () => {};

const draftName = ({url}) => 'draft ' + url;

function say(text, link) {
  panel.hidden = !text;
  status.textContent = progress.textContent = '';
  status.append(link ? make('a', text, {href: link}) : text);
  again.hidden = another.hidden = true;
}

// → {receipt}, {problems} or {pause_s}: the last for whatever may end otherwise another time, such as the log-in page
// of a hotel network, which answers 200 to everything.
async function post({id, url, body}) {
  const abort = new AbortController(), timeout = setTimeout(() => abort.abort(), TIMEOUT_MS), request = (url, more) => fetch(url, {...more, credentials: 'same-origin', signal: abort.signal});
  let pause_s = 0;
  try {
    const reply = await request(`${url}?lang=${language}`, {
      method: 'POST',
      headers: {'Content-Type': 'application/json', 'Idempotency-Key': id},
      body,
    });
    pause_s = +reply.headers.get('Retry-After') || 0;
    const said = await reply.json(), receipt = '/R/' + said.receipt;
    if (reply.ok && said.id == id && said.receipt) {
      // Its cookie, where the page is not about to open it.
      if (queue.size > 1 || !isWaiting()) await request(receipt, {redirect: 'manual'});
      return {receipt};
    }
    // In a flood: work.js clicks `again` once it is done.
    if (said.work) panel.append(make('script', '', {src: said.work}));
    else if (/problem.json/.test(reply.headers.get('Content-Type')) && reply.status < 429) return {problems: said.errors};
  } catch (e) { /* no network, not in time, or no answer of ours */ } finally {
    clearTimeout(timeout);
  }
  return {pause_s};
}

// Files that an entry still needs, `*id` in it, are sent by files.js on the page of its form.
const leaveFiles = ({body, url}) => /\*[0-9a-f]{32}/.test(body) && {at: url};
let sendFiles = leaveFiles;

// A refused entry becomes the draft of its page. Where there is one already it stays, and is asked about again at the
// next visit. Answers the address to correct it at, if that is another one.
async function refuse(entry, problems) {
  const isHere = takeBack(entry, problems), name = draftName(entry);
  if (!isHere && (await recall())[name]) return;
  await keep(name, {pairs: entry.pairs, problems}, 'entry ' + entry.id);
  return !isHere && entry.url;
}

// Sends all that waits, the oldest first, and stops at one that does not get through; its turn is last next time.
async function flush() {
  if (isSending || !queue.size) return;
  isSending = true;
  clearInterval(timer);
  if (again.hidden) say(T.sending);
  else progress.textContent = T.sending;
  let receipt, refused, left;
  for (const entry of queue) {
    const answer = await sendFiles(entry) || await post(entry);
    queue.delete(entry);
    if (answer.receipt) {
      receipt = answer.receipt;
      await forget('entry ' + entry.id, entry.isKept ? '' : draftName(entry));
    } else if (answer.problems) {
      refused = await refuse(entry, answer.problems) || refused;
    } else {
      queue.add(entry);
      left = answer;
      break;
    }
  }
  isSending = false;
  if (queue.size) pause(left);
  else if (receipt && isWaiting()) location = receipt;
  else if (refused) say(T.refused, refused);
  else say(receipt ? T.sent : '', receipt);
}

// Waits with full jitter, so that phones do not come back in step.
function pause({pause_s = 0, at}) {
  let left = Math.ceil(Math.max(1, Math.min(ASKED_S_MAX, pause_s), Math.random() * Math.min(PAUSE_S_MAX, 2 ** attempts++)));
  const isKept = [...queue].every(entry => entry.isKept);
  say((isKept ? T.unsent : T.unkept) + (queue.size > 1 ? ` (${queue.size})` : ''), at);
  again.hidden = false;
  another.hidden = !isWaiting();
  const tick = () => {
    progress.textContent = T.again.replace('{s}', left);
    if (!left--) flush();
  };
  tick();
  timer = setInterval(tick, 1000);
}

again.onclick = window.ononline = () => {
  attempts = 0;
  flush();
};

const kept = recall();
kept.then(all => {
  Object.keys(all).forEach(name => /^entry/.test(name) && queue.add(all[name]));
  flush();
});
