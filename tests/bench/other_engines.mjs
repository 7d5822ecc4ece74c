// What other engines make of expressions: ODK Web Forms' (@getodk/xpath) and Enketo's (openrosa-xpath-evaluator).
// node other_engines.mjs FOLDER, where FOLDER/node_modules has them, jsdom, temporal-polyfill and crypto-js. Each line
// of standard input is {expression, type, data, lists, at, now}, the answers and the instances being XML and the type
// that of an XPathResult; each line of output {webForms, enketo}, a value or {error}.
import {createRequire} from 'module';
import {createInterface} from 'readline';
import {pathToFileURL} from 'url';

const folder = process.argv[2];
const load = createRequire(pathToFileURL(folder + '/'));
const {JSDOM} = load('jsdom');
const {window} = new JSDOM('');
for (const name of ['document', 'Node', 'Element', 'Document', 'XMLDocument', 'Attr', 'Text', 'Comment', 'CDATASection', 'DOMParser',
  'ProcessingInstruction', 'XPathResult', 'XPathEvaluator', 'XPathExpression',
  'DocumentFragment', 'CharacterData']) {
  globalThis[name] = window[name];
}
Object.assign(globalThis, {__dirname: folder, require: load});
const {XFormsXPathEvaluator, DEFAULT_DOM_ADAPTER} = await import(pathToFileURL(folder + '/node_modules/@getodk/xpath/dist/index.js'));
const enketo = load('openrosa-xpath-evaluator')();

const resolver = {lookupNamespaceURI: prefix => prefix == 'jr' ? 'http://openrosa.org/javarosa' : null};
const TYPES = ['', 'numberValue', 'stringValue', 'booleanValue'];
const read = (result, type) => {
  const value = result[TYPES[type]];
  return typeof value != 'number' || isFinite(value) ? value : {number: String(value)};
};
const attempt = (work, type) => {
  try {
    return read(work(type), type);
  } catch (error) {
    return {error: String(error.message || error).slice(0, 80)};
  }
};
const find = (document, path) => path.reduce((element, [name, index]) =>
  [...element.children].filter(child => child.localName == name)[index], document.documentElement);

const RealDate = Date;
let now = 0;
globalThis.Date = class extends RealDate {
  constructor(...given) {
    if (given.length) super(...given);
    else super(now);
  }
  static now() { return now; }
};

createInterface({input: process.stdin}).on('line', line => {
  const given = JSON.parse(line);
  now = given.now;
  const data = new DOMParser().parseFromString(given.data, 'text/xml');
  const lists = new Map(Object.keys(given.lists).map(id =>
    [id, new DOMParser().parseFromString(given.lists[id], 'text/xml').documentElement]));
  const options = {rootNode: data, domAdapter: DEFAULT_DOM_ADAPTER, secondaryInstancesById: lists,
    itextTranslationsByLanguage: new Map(), timeZoneId: process.env.TZ};
  const at = find(data, given.at);
  console.log(JSON.stringify({
    webForms: attempt(type => new XFormsXPathEvaluator(options).evaluate(given.expression, at, resolver, type), given.type),
    enketo: attempt(type => enketo.evaluate(given.expression, at, resolver, type), given.type),
  }));
});
