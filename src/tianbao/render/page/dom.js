// T holds the texts. All scripts of a page share one scope. The page's own ids begin with _, which no question does.
const byId = id => document.getElementById(id);
const make = (tag, text, more) => Object.assign(document.createElement(tag), {textContent: text}, more);

// The element around the form, if the page has one: on the form itself a question called `hidden` or `reset` would
// stand before the property of that name.
const form = byId('_form');
const language = document.documentElement.lang;
