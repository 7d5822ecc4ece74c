// What the phone keeps until the receipt is here: drafts and what is not sent yet, for 72 hours at most. It lies in
// IndexedDB, under a key that cannot be read out where the browser has cryptography (on plain HTTP it has none).

const HOURS_72_MS = 72 * 36e5;

const database = new Promise((done, fail) => {
  const request = indexedDB.open('tianbao', 1);
  request.onupgradeneeded = () => request.result.createObjectStore('kept', {keyPath: 'name'});
  request.onsuccess = () => done(request.result);
  request.onerror = fail;
  // A browser that never answers must not hold up a submission.
  setTimeout(fail, 2000);
});

// Answers when what was asked for is on the phone's disk, and what has the name `gone` is not: both or neither.
const ask = (method, value, gone) => database.then(opened => new Promise((done, fail) => {
  const transaction = opened.transaction('kept', 'readwrite'), all = transaction.objectStore('kept'), request = all[method](value);
  if (gone) all.delete(gone);
  transaction.oncomplete = () => done(request.result);
  transaction.onerror = transaction.onabort = fail;
}));

// Of two pages that make a key at once, the first to store it wins.
const subtle = crypto.subtle;
const makeKey = async () => {
  const key = await subtle.generateKey({name: 'AES-GCM', length: 256}, false, ['encrypt', 'decrypt']);
  await ask('add', {name: 'key', key}).catch(() => {});
  return (await ask('get', 'key')).key;
};
let key;
const getKey = () => key = key || ask('get', 'key').then(found => found ? found.key : makeKey());

const forget = (name, gone) => ask('delete', name, gone).catch(() => {});

// Whether it could be kept, in the place of what is `gone`.
const keep = async (name, value, gone) => {
  try {
    let data = JSON.stringify(value);
    const iv = subtle && crypto.getRandomValues(new Uint8Array(12));
    if (iv) data = await subtle.encrypt({name: 'AES-GCM', iv}, await getKey(), new TextEncoder().encode(data));
    await ask('put', {name, iv, data, at: Date.now()}, gone);
    return true;
  } catch (e) {
    return false;
  }
};

// Everything that is kept, by name and in its order, {…, isKept}. What is too old, or opens no more, goes; `isKept` says that it stays.
const recall = async () => {
  const found = {};
  for (const {name, iv, data, at} of await ask('getAll').catch(() => [])) {
    if (name == 'key') continue;
    try {
      const isKept = Date.now() - at < HOURS_72_MS;
      found[name] = {...JSON.parse(iv ? new TextDecoder().decode(await subtle.decrypt({name: 'AES-GCM', iv}, await getKey(), data)) : data), isKept};
      if (!isKept) throw 0;
    } catch (e) {
      forget(name);
    }
  }
  return found;
};
