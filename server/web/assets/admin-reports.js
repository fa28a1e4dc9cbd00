/* Reports: a class by month, who is absent too often, who comes late, how stations were. On paper and as CSV too. */
import { classSelect, noClasses, percent, sectionHead } from './admin-parts.js';
import { a } from './admin-strings.js';
import { get, url } from './api.js';
import { t } from './strings.js';
import { addDays, dateAt, dateText, isDate, monthText, timeOf } from './time.js';
import { button, empty, field, h, loadInto, person, replace, status, statusShape, table, toast } from './ui.js';

const r = a.reports;
const KINDS = ['month', 'absence', 'punctuality', 'stations'];
const COUNTED = ['present', 'late', 'excused', 'absent', 'unjudged'];

const nameCell = (context) => (row) => [h('a', { href: context.href({ section: 'students', id: row.student_id }) }, person(row.name || row.student_id)), h('div', { class: 'muted small narrow-only' }, row.class_id)];
const span = (answer) => [dateText(answer.from), dateText(answer.to)];
const fixed = (number) => `${number.toFixed(1)} %`;

// ---- a class by month ------------------------------------------------------------------------------------------------

/** What the half mark at a day means: on a phone and on paper nobody sees what hovers. */
function halfDays(days) {
    const half = days.filter((day) => day.half_day !== null);
    return half.length > 0 && h('ul', { class: 'plain small' }, half.map((day) => h('li', {}, h('span', { class: 'muted' }, Number(day.date.slice(8)), h('sup', {}, r.halfMark), ` ${r.halfDay} `), person(day.half_day))));
}

function monthView(answer, context) {
    if (answer.days.length === 0) return empty(r.noSession, r.noSessionText);
    const today = dateAt();
    const cell = (word, day) => h('td', { class: 'mark' }, word === null || (word === 'none' && day.date > today) ? null : [h('span', { class: 'letter-of print-only', 'aria-hidden': 'true' }, r.letters[word]), status(word, { text: false })]);
    const dayHead = (day) => h('th', { scope: 'col', class: 'mark' }, h('abbr', { title: day.half_day === null ? dateText(day.date) : `${dateText(day.date)}, ${r.halfDay} ${day.half_day}` }, String(Number(day.date.slice(8))), day.half_day !== null && h('sup', {}, r.halfMark)));
    const total = (word) => h('th', { scope: 'col', class: 'mark total' }, h('span', { title: t.status[word] }, statusShape(word), h('span', { class: 'visually-hidden' }, t.status[word])));
    const byRoll = [...answer.items].sort((one, other) => one.roll_number.localeCompare(other.roll_number, undefined, { numeric: true }) || one.name.localeCompare(other.name));
    const caption = r.monthOf(answer.class_id, monthText(answer.month));
    return [
        h('h2', {}, caption),
        h('ul', { class: 'plain row summary' }, COUNTED.map((word) => h('li', {}, h('span', { class: 'letter-of print-only', 'aria-hidden': 'true' }, r.letters[word]), status(word)))),
        h('div', { class: 'table-wrap grid-wrap', tabindex: '0', role: 'group', 'aria-label': caption }, h('table', { class: 'grid' },
            h('caption', { class: 'visually-hidden' }, caption),
            h('thead', {}, h('tr', {}, h('th', { scope: 'col', class: 'wide-only number' }, a.rollNumber), h('th', { scope: 'col', class: 'who' }, a.name), answer.days.map(dayHead), COUNTED.map(total), h('th', { scope: 'col', class: 'number' }, a.numbers.rateShort))),
            h('tbody', {}, byRoll.map((row) => h('tr', {}, h('td', { class: 'wide-only number' }, row.roll_number), h('th', { scope: 'row', class: 'who' }, h('a', { href: context.href({ section: 'students', id: row.student_id }) }, person(row.name || row.student_id))),
                row.days.map((word, i) => cell(word, answer.days[i])), COUNTED.map((word) => h('td', { class: 'mark total' }, row[word] === 0 ? '' : String(row[word]))), h('td', { class: 'number' }, percent(row.rate))))))),
        halfDays(answer.days),
        h('p', { class: 'print-only signature' }, a.signature),
    ];
}

// ---- lists -----------------------------------------------------------------------------------------------------------

function absenceView(answer, context) {
    const caption = r.absenceOf(answer.percent, ...span(answer));
    if (answer.items.length === 0) return [h('h2', {}, caption), empty(r.absenceNone, r.absenceNoneText)];
    return [h('h2', {}, caption), table({
        caption,
        rows: answer.items,
        columns: [
            { title: a.name, head: true, cell: nameCell(context) },
            { title: a.class, class: 'wide-only', cell: (row) => row.class_id },
            { title: t.status.absent, class: 'number', cell: (row) => String(row.absent) },
            { title: r.ofJudged, class: 'number', cell: (row) => String(row.judged) },
            { title: r.percentWord, class: 'number', cell: (row) => fixed(row.percent) },
            { title: t.status.excused, class: 'number wide-only', cell: (row) => String(row.excused) },
            { title: t.status.unjudged, class: 'number wide-only', cell: (row) => String(row.unjudged) },
        ],
    })];
}

function meanText(minutes) {
    if (minutes === null) return '–';
    const rounded = Math.round(minutes);
    if (rounded === 0) return r.atStart;
    return rounded < 0 ? r.before(-rounded) : r.after(rounded);
}

function punctualityView(answer, context) {
    const caption = r.punctualityOf(...span(answer));
    if (answer.items.length === 0) return [h('h2', {}, caption), empty(r.punctualityNone, r.punctualityNoneText)];
    return [h('h2', {}, caption), table({
        caption,
        rows: answer.items,
        columns: [
            { title: a.name, head: true, cell: nameCell(context) },
            { title: a.class, class: 'wide-only', cell: (row) => row.class_id },
            { title: r.late, class: 'number', cell: (row) => String(row.late) },
            { title: r.seen, class: 'number', cell: (row) => String(row.seen) },
            { title: r.percentWord, class: 'number wide-only', cell: (row) => fixed(row.late_percent) },
            { title: r.mean, cell: (row) => meanText(row.mean_arrival_min) },
        ],
    })];
}

function gapsCell(week) {
    if (week.gap_count === 0) return '';
    const more = week.gap_count - week.gaps.length;
    return h('details', {}, h('summary', { class: 'small' }, `${week.gap_count}`), h('ul', { class: 'plain small' },
        week.gaps.map((gap) => h('li', {}, `${dateText(gap.from.slice(0, 10))} ${timeOf(gap.from)}–${timeOf(gap.to)}: ${r.why[gap.reason ?? 'nothing'] ?? gap.reason}`)), more > 0 && h('li', {}, r.gapsMore(more))));
}

function stationsView(answer) {
    const caption = r.stationsOf(...span(answer));
    if (answer.items.length === 0) return [h('h2', {}, caption), empty(r.stationsNone, r.stationsNoneText)];
    return [h('h2', {}, caption), table({
        caption,
        rows: answer.items,
        columns: [
            { title: a.class, head: true, cell: (week) => week.class_id },
            { title: a.station.word, cell: (week) => person(week.station) },
            { title: r.week, cell: (week) => dateText(week.week) },
            { title: r.sessions, class: 'number wide-only', cell: (week) => String(week.sessions) },
            { title: r.able, class: 'number', cell: (week) => [week.percent === null ? '–' : fixed(week.percent), h('div', { class: 'muted small' }, r.ofMinutes(week.able_min, week.window_min))] },
            { title: r.gaps, cell: gapsCell },
        ],
    })];
}

const VIEW = { month: monthView, absence: absenceView, punctuality: punctualityView, stations: stationsView };

// ---- what is asked for -----------------------------------------------------------------------------------------------

function show(place, context) {
    const today = dateAt();
    const state = { kind: 'month', class: '', month: today.slice(0, 7), from: addDays(today, -29), to: today, percent: 10 };
    /* What an address says; the rest stays. */
    const read = (route) => {
        const asks = route.query;
        state.kind = KINDS.includes(route.id) ? route.id : 'month';
        if (asks.class) state.class = asks.class;
        if (/^\d{4}-(0[1-9]|1[0-2])$/.test(asks.month ?? '')) state.month = asks.month;
        if (isDate(asks.from ?? '')) state.from = asks.from;
        if (isDate(asks.to ?? '')) state.to = asks.to;
        if (Number(asks.percent) >= 1 && Number(asks.percent) <= 100) state.percent = Math.floor(Number(asks.percent));
    };
    read(context.route);
    const kinds = h('div', { class: 'no-print' });
    const pickers = h('div', { class: 'no-print' });
    const body = h('div', { class: 'stack report' });
    let classList = [];
    replace(place, h('div', { class: 'no-print' }, sectionHead(a.nav.reports)), kinds, pickers, h('p', { class: 'print-only' }, person(context.me.school.name)), body);

    const asked = () => (state.kind === 'month' ? { class: state.class, month: state.month }
        : { from: state.from, to: state.to, class: state.class, percent: state.kind === 'absence' ? state.percent : '' });
    const address = () => `/api/reports/${state.kind}`;
    const load = () => {
        place.dataset.kind = state.kind;
        context.note({ id: state.kind, query: asked() });
        return loadInto(body, () => get(address(), asked(), { timeoutMs: 120000 }), (answer) => VIEW[state.kind](answer, context));
    };
    const drawPickers = () => {
        const input = (name, type, more = {}) => h('input', { type, name, value: String(state[name]), required: true, ...more });
        const csv = h('a', { class: 'button', download: true, href: '#' }, a.csv);
        const month = state.kind === 'month';
        const fields = month
            ? [field(a.class, classSelect(classList, state.class, () => {}, { all: false })), field(r.month, input('month', 'month', { placeholder: '2026-11', pattern: '\\d{4}-\\d{2}', max: addDays(today, 366).slice(0, 7) }))]
            : [field(r.from, input('from', 'date')), field(r.to, input('to', 'date')), field(a.class, classSelect(classList, state.class, () => {})), state.kind === 'absence' && field(r.percent, input('percent', 'number', { min: '1', max: '100' }))];
        const form = h('form', { class: 'toolbar' }, fields, h('button', { type: 'submit', class: 'primary' }, r.show), csv, button(a.print, () => window.print()));
        const take = () => {
            for (const control of form.elements) if (control.name in state) state[control.name] = control.type === 'number' ? Number(control.value) : control.value;
            csv.href = url(address(), { ...asked(), format: 'csv' });
        };
        form.addEventListener('input', take);
        form.addEventListener('submit', (event) => {
            event.preventDefault();
            take();
            if (!month && state.from > state.to) return toast(r.order, 'bad');
            replace(body);
            load();
        });
        replace(pickers, form);
        take();
    };
    const draw = () => {
        replace(kinds, h('nav', { class: 'views', 'aria-label': r.choose }, KINDS.map((kind) =>
            h('a', { href: context.href({ section: 'reports', id: kind, query: { class: state.class } }), 'aria-current': kind === state.kind ? 'page' : null }, r.kinds[kind]))));
        if (state.kind === 'month' && !classList.some((one) => one.id === state.class)) state.class = classList[0].id;
        drawPickers();
        replace(body);
        load();
    };
    const begin = async () => {
        const list = await context.classes();
        if (list.length === 0) return noClasses(context);
        classList = list;
        return null;
    };
    loadInto(body, begin, (nothing) => nothing ?? []).then(() => classList.length > 0 && place.isConnected && draw());
    return {
        update: (next) => {
            if (classList.length === 0) return;
            read(next);
            draw();
        },
    };
}

export const reports = { id: 'reports', show };
