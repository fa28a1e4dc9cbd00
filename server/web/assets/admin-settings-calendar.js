/* The card of the settings page about the calendar: days without school and half days, one by one or from a file. */
import { classSelect } from './admin-parts.js';
import { calendarImportDialog } from './admin-calendar-import.js';
import { a } from './admin-strings.js';
import { get, path, put, remove, url } from './api.js';
import { addDays, dateAt, dateText, dateTextLong } from './time.js';
import { attempt, button, confirmDialog, empty, field, formDialog, h, loadInto, person, select, showErrors, table, toast } from './ui.js';

const minutesOf = (text) => Number(text.slice(0, 2)) * 60 + Number(text.slice(3, 5));
const timeAfter = (start, minutes) => {
    const minute = Math.min(minutesOf(start) + minutes, 1439);
    return `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
};

function kindText(one) {
    return one.kind === 'short' ? a.calendar.halfDay(one.start, timeAfter(one.start, one.close_after)) : a.calendar.closed;
}

function dayDialog(classes) {
    const date = h('input', { type: 'date', name: 'date', required: true, value: dateAt() });
    const label = h('input', { type: 'text', name: 'label', required: true, maxlength: '100', autocomplete: 'off' });
    const pick = classSelect(classes, '', () => {});
    const kind = select('kind', [['closed', a.calendar.closed], ['short', a.calendar.short]]);
    const start = h('input', { type: 'time', name: 'start', required: true });
    const end = h('input', { type: 'time', name: 'close_after', required: true }); // by the API's name, which is what a refusal names
    const times = h('div', { class: 'form-grid' }, field(a.calendar.start, start), field(a.calendar.end, end, { hint: a.calendar.endHint }));
    const usual = () => {
        const one = classes.find((other) => other.id === pick.value) ?? classes[0] ?? { start: '08:00', close_after_min: 60 };
        start.value = one.start;
        end.value = timeAfter(one.start, one.close_after_min);
    };
    const show = () => { times.hidden = kind.value !== 'short'; };
    kind.addEventListener('change', show);
    pick.addEventListener('change', usual);
    usual();
    show();
    return formDialog({
        title: a.calendar.add,
        body: [field(a.day, date), field(a.calendar.label, label, { hint: a.calendar.labelHint }), field(a.class, pick), field(a.calendar.kind, kind), times],
        submit: async (form, close) => {
            const body = { label: label.value.trim(), kind: kind.value };
            if (pick.value) body.class_id = pick.value;
            if (kind.value === 'short') {
                body.start = start.value.slice(0, 5);
                body.close_after = minutesOf(end.value) - minutesOf(start.value);
                if (body.close_after <= 0) return showErrors(form, { close_after: a.calendar.endBad });
            }
            const answer = await put(path('/api/calendar', date.value), body);
            toast(a.saved);
            return close(answer);
        },
    });
}

function askRemove(one) {
    const words = one.kind === 'short' ? a.calendar.whole : a.calendar.after;
    return confirmDialog({ title: words.title(dateTextLong(one.date)), text: words.text, yes: a.calendar.remove, danger: true });
}

export function calendarCard(context) {
    const body = h('div', {});
    const load = () => loadInto(body, () => get('/api/calendar', { from: addDays(dateAt(), -60), to: addDays(dateAt(), 400) }), ({ items }) => items.length === 0 ? empty(a.calendar.none, a.calendar.noneText) : table({
        caption: a.calendar.title,
        rows: items,
        columns: [
            { title: a.day, head: true, cell: (one) => dateText(one.date) },
            { title: a.calendar.label, cell: (one) => [person(one.label), h('div', { class: 'muted small' }, kindText(one))] },
            { title: a.class, cell: (one) => one.class_id || a.allClasses },
            { title: a.actions, hidden: true, class: 'actions', cell: (one) => button(a.calendar.remove, async () => {
                if (!(await askRemove(one))) return;
                await attempt(() => remove(url(path('/api/calendar', one.date), { class: one.class_id })));
                load();
            }, { kind: 'compact', 'aria-label': a.calendar.removeOf(dateTextLong(one.date)), data: { keep: `${one.date} ${one.class_id ?? ''}` } }) },
        ],
    }));
    load();
    context.onChanged(['calendar'], () => !body.contains(document.activeElement) && load());
    const ask = (dialog) => async () => (await dialog(await context.classes())) && load();
    return h('section', { class: 'card', 'aria-labelledby': 'calendar-title' },
        h('div', { class: 'card-head' }, h('h2', { id: 'calendar-title' }, a.calendar.title),
            h('div', { class: 'row' }, button(a.calendar.import.short, ask(calendarImportDialog), { kind: 'compact' }), button(a.calendar.add, ask(dayDialog), { kind: 'primary compact' }))),
        body);
}
