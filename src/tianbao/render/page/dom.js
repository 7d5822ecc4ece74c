// T holds the texts. All scripts of a page share one scope.
const byId = id => document.getElementById(id);
const make = (tag, text, more) => Object.assign(document.createElement(tag), {textContent: text}, more);
const form = byId('form');
const language = document.documentElement.lang;
