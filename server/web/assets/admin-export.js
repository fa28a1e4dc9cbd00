/* Attendance as a CSV file, of a time and a class. */
import { classSelect, sectionHead } from './admin-parts.js';
import { a } from './admin-strings.js';
import { url } from './api.js';
import { addDays, dateAt } from './time.js';
import { field, h, replace, toast } from './ui.js';

function show(place, context) {
    const from = h('input', { type: 'date', name: 'from', required: true, value: `${dateAt().slice(0, 7)}-01`, max: addDays(dateAt(), 366) });
    const to = h('input', { type: 'date', name: 'to', required: true, value: dateAt(), max: addDays(dateAt(), 366) });
    const pick = h('div', { class: 'field' });
    let chosen = '';
    const form = h('form', { class: 'card stack' },
        h('p', {}, a.export.text),
        h('div', { class: 'toolbar' }, field(a.export.from, from), field(a.export.to, to), pick, h('button', { type: 'submit', class: 'primary' }, a.export.go)),
        h('p', { class: 'muted small' }, a.export.columns));
    form.addEventListener('submit', (event) => {
        event.preventDefault();
        if (from.value > to.value) return toast(a.export.order, 'bad');
        const link = h('a', { href: url('/api/export/attendance', { from: from.value, to: to.value, class: chosen }), download: true });
        document.body.append(link);
        link.click();
        link.remove();
    });
    replace(place, sectionHead(a.nav.export), form);
    context.classes().then((all) => replace(pick, ...field(a.class, classSelect(all, '', (id) => { chosen = id; })).childNodes), () => {});
}

export const exporting = { id: 'export', show };
