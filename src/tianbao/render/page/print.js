// The button that opens the print dialogue; without script the browser's own menu does. In a preview there is none.
const button = document.getElementById('print');
button.parentNode.hidden = self !== top;
button.hidden = false;
button.onclick = () => print();
