'use strict';
// Sorts and filters each table. Without this script the tables stay in the order of the file.
for (const table of document.querySelectorAll('table.league')) {
  const body = table.tBodies[0], rows = [...body.rows], heads = [...table.tHead.rows[0].cells];
  const make = (name, parent, text = '') => {
    const made = document.createElement(name);
    made.textContent = text;
    return parent.appendChild(made);
  };
  const controls = document.createElement('p');
  controls.className = 'controls';
  table.parentNode.before(controls);
  const filter = make('input', make('label', controls, 'Filter '));
  filter.type = 'search';
  const choice = make('select', make('label', controls, 'Sort by '));
  make('option', choice, 'the order of the league').value = '-1';
  heads.forEach((head, at) => { make('option', choice, head.textContent).value = String(at); });
  const direction = make('button', controls, 'ascending');
  direction.type = 'button';
  const shown = make('span', controls);
  shown.setAttribute('role', 'status');
  let falling = false;

  const value = (row, at) => {
    const cell = row.cells[at];
    if (!cell.classList.contains('n')) return cell.textContent.toLowerCase();
    return 'value' in cell.dataset ? Number(cell.dataset.value) : '';
  };
  const compare = (at) => (one, other) => {
    const a = value(one, at), b = value(other, at);
    if (a === '' || b === '') return (a === '') - (b === ''); // an empty cell is always last
    const order = typeof a === 'number' ? a - b : a.localeCompare(b);
    return falling ? -order : order;
  };
  const sort = () => {
    const at = Number(choice.value);
    body.append(...(at < 0 ? rows : [...rows].sort(compare(at))));
    direction.textContent = falling ? 'descending' : 'ascending';
    direction.hidden = at < 0;
    heads.forEach((head, place) => {
      if (place === at) head.setAttribute('aria-sort', direction.textContent);
      else head.removeAttribute('aria-sort');
    });
  };
  const narrow = () => {
    const words = filter.value.toLowerCase().split(/\s+/);
    for (const row of rows) {
      const text = row.textContent.toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
    }
    const left = rows.filter((row) => !row.hidden).length;
    shown.textContent = left < rows.length ? `${left} of ${rows.length}` : '';
  };
  heads.forEach((head, at) => {
    const text = head.textContent;
    head.textContent = '';
    const button = make('button', head, text);
    button.type = 'button';
    button.addEventListener('click', () => {
      falling = choice.value === String(at) && !falling;
      choice.value = String(at);
      sort();
    });
  });
  choice.addEventListener('change', () => { falling = false; sort(); });
  direction.addEventListener('click', () => { falling = !falling; sort(); });
  filter.addEventListener('input', narrow);
  sort();
}
