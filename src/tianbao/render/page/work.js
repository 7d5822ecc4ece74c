// Fetched by queue.js when a site is in a flood: tries numbers until the SHA-256 of challenge and number begins with enough
// zero bits (domain/floods.py), keeps what it found as a cookie for the next sending, and sends again. By hand, since
// browsers have SHA-256 on HTTPS only.

const SLICE_MS = 40;
const COOKIE_S = 300;

const challenge = document.currentScript.src.split('?')[1], bits = +challenge.split('.')[1];

// RFC 6234: the first 32 bits of the fractions of the roots of the first primes.
const START = [], ROUNDS = [];
for (let prime = 2; ROUNDS.length < 64; prime++) {
  let by = 2;
  while (prime % by) by++;
  if (by < prime) continue;
  const fraction = root => root % 1 * 2 ** 32 | 0;
  if (START.length < 8) START.push(fraction(Math.sqrt(prime)));
  ROUNDS.push(fraction(Math.cbrt(prime)));
}

// The first word of the digest of a text of ASCII of less than 56 letters, which is one block.
const block = new Int32Array(64);
function firstWord(text) {
  block.fill(0, 0, 16);
  for (let i = 0; i < text.length; i++) block[i >> 2] |= text.charCodeAt(i) << 24 - i % 4 * 8;
  block[text.length >> 2] |= 0x80 << 24 - text.length % 4 * 8;
  block[15] = text.length * 8;
  const turn = (word, by) => word >>> by | word << 32 - by;
  let [a, b, c, d, e, f, g, h] = START;
  for (let i = 0; i < 64; i++) {
    if (i > 15) {
      const u = block[i - 15], v = block[i - 2];
      block[i] = block[i - 16] + block[i - 7] + (turn(u, 7) ^ turn(u, 18) ^ u >>> 3) + (turn(v, 17) ^ turn(v, 19) ^ v >>> 10);
    }
    const one = h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + (e & f ^ ~e & g) + ROUNDS[i] + block[i] | 0;
    const two = (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + (a & b ^ a & c ^ b & c) | 0;
    h = g;
    g = f;
    f = e;
    e = d + one | 0;
    d = c;
    c = b;
    b = a;
    a = one + two | 0;
  }
  return a + START[0] | 0;
}

let tried = 0;
function work() {
  const until = Date.now() + SLICE_MS;
  while (Date.now() < until) {
    for (const end = tried + 200; tried < end; tried++) {
      const answer = challenge + '.' + tried.toString(36);
      if (Math.clz32(firstWord(answer)) >= bits) return finish(answer);
    }
  }
  setTimeout(work, 0);
}

function finish(answer) {
  document.cookie = `w=${answer}; path=/; max-age=${COOKIE_S}; samesite=lax`;
  document.querySelector('#_state button').click();
}

// The same challenge may be asked again while it is worked on.
if (window.challenge != challenge) {
  window.challenge = challenge;
  work();
}
