// Shows the questions whose condition holds. A name means the question beside it, else the nearest further out,
// as domain.evaluation.Scope has it.
function applyConditions() {
  form.querySelectorAll('[data-if]').forEach(part => {
    part.hidden = !evaluate(JSON.parse(part.dataset.if), name => {
      const path = part.dataset.q.split('.');
      for (; path.length; path.pop()) {
        path[path.length - 1] = name;
        const found = fields(path.join('.'));
        if (found[0]) return found.filter(isGiven).map(field => field.value).join(' ');
      }
      return '';
    });
  });
}
onChange(applyConditions);
applyConditions();
