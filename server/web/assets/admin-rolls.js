/* The roll of a class and day: read, correct with a reason, close with what follows said before, no session, reopen, print. */
import { classSelect, correctDialog, dayField, nameOf, noClasses, offText, percent, sectionHead, sessionText, silentText, throttle } from './admin-parts.js';
import { a } from './admin-strings.js';
import { get, path, post, url } from './api.js';
import { t } from './strings.js';
import { dateAt, dateTextLong, momentText, timeOf } from './time.js';
import { attempt, button, confirmDialog, empty, field, formDialog, h, loadInto, person, replace, select, status, table, toast } from './ui.js';

const ORDER = ['present', 'late', 'excused', 'absent', 'unjudged', 'pending', 'none'];

function summary(roll) {
    return h('ul', { class: 'plain row summary' }, ORDER.filter((word) => roll.counts[word] > 0).map((word) =>
        h('li', {}, status(word), ' ', h('strong', {}, String(roll.counts[word])))));
}

/** A person said that the class does not meet on this day. */
const isOff = (roll) => roll.session?.word?.word === 'no_session';

function stateLine(roll) {
    const { session } = roll;
    if (isOff(roll)) return [a.noSession.said, ' ', person(session.word.by), `, ${momentText(session.word.at)}: `, person(session.word.reason)];
    if (roll.awaited.station_count > 0) return a.session.waits(silentText(roll.awaited));
    if (!session.school) return offText(roll);
    if (session.state !== 'closed') return sessionText(session);
    const how = session.closed_by ? a.session.closedByAt(session.closed_by, momentText(session.closed_at)) : `${a.session.closed}.`;
    return `${how} ${a.session.coverage(session.able_min, session.window_min)}`;
}

function closeDialog(roll) {
    const unseen = roll.items.filter((item) => item.status === 'none' || item.status === 'unjudged');
    const waiting = roll.items.filter((item) => item.status === 'pending');
    const names = (items) => h('ul', { class: 'names' }, items.slice(0, 40).map((item) => h('li', {}, person(nameOf(item)))));
    return formDialog({
        title: a.close.title(roll.class_id, dateTextLong(roll.date)),
        body: [
            roll.closing.absent > 0
                ? [h('p', {}, h('strong', {}, a.close.absent(roll.closing.absent))), names(unseen)]
                : h('p', {}, a.close.nobody),
            waiting.length > 0 && [h('p', {}, a.close.pending(waiting.length)), names(waiting)],
            h('p', { class: 'muted' }, a.close.after),
        ],
        submitText: a.close.go,
        submit: async (form, close) => {
            await post(path('/api/rolls', roll.class_id, roll.date, 'close'));
            toast(a.close.done);
            close(true);
        },
    });
}

function noSessionDialog(roll) {
    const reason = h('input', { name: 'reason', type: 'text', required: true, maxlength: '100', autocomplete: 'off' });
    return formDialog({
        title: a.noSession.title(roll.class_id, dateTextLong(roll.date)),
        body: [h('p', {}, a.noSession.text), field(a.correct.reason, reason, { hint: a.noSession.hint })],
        submitText: a.noSession.go,
        submit: async (form, close) => {
            await post(path('/api/rolls', roll.class_id, roll.date, 'no-session'), { reason: reason.value.trim() });
            toast(a.noSession.done);
            close(true);
        },
    });
}

/** Takes back what a person said of the whole session; true when it was done. */
async function takeBack(roll) {
    const words = isOff(roll) ? a.noSession.back : a.reopen;
    if (!(await confirmDialog({ title: words.title, text: words.text, yes: words.short }))) return false;
    await attempt(() => post(path('/api/rolls', roll.class_id, roll.date, 'reopen')));
    return true;
}

/** What can be done with the session; the one that settles it has the same key throughout, so that the focus finds it in a row that was drawn anew. */
function sessionButtons(roll, changed) {
    const off = isOff(roll);
    if (!off && !roll.session.school) return []; // nobody becomes absent by it
    const said = off || (roll.session.state === 'closed' && roll.session.closed_by);
    const settle = (text, work, props = {}) => button(text, async () => (await work(roll)) && changed(), { data: { keep: 'settle' }, ...props });
    return [
        said ? settle(off ? a.noSession.back.short : a.reopen.short, takeBack) : settle(a.close.short, closeDialog, { kind: roll.session.state === 'closed' ? '' : 'primary' }),
        !off && settle(a.noSession.short, noSessionDialog, { data: { keep: 'no-session' } }),
    ];
}

/** How the mark came about. */
const methodText = (item) => a.methods[item.method] ?? item.method ?? '';

function rollTable(roll, stations, context, changed) {
    const correct = (item) => async () => {
        if (await correctDialog({ item, classId: roll.class_id, date: roll.date })) changed();
    };
    return table({
        caption: `${roll.class_id}, ${dateTextLong(roll.date)}`,
        class: 'roll-table',
        rows: roll.items,
        columns: [
            { title: a.rollNumber, class: 'wide-only', cell: (item) => item.roll_number || '' },
            { title: a.name, head: true, cell: (item) => [item.roll_number && h('span', { class: 'muted narrow-only' }, `${item.roll_number} `), h('a', { href: context.href({ section: 'students', id: item.student_id }) }, person(nameOf(item)))] },
            { title: a.state, cell: (item) => [status(item.status), item.captured && h('div', { class: 'muted small narrow-only' }, [timeOf(item.captured), methodText(item)].filter(Boolean).join(', ')), item.corrected_by && h('div', { class: 'muted small narrow-only' }, a.corrected)] },
            { title: a.time, class: 'wide-only', cell: (item) => timeOf(item.captured) },
            { title: a.how, class: 'wide-only', cell: (item) => [methodText(item), item.station && h('div', { class: 'muted small' }, person(stations.get(item.station) ?? item.station))] },
            { title: a.points, class: 'number wide-only', cell: (item) => h('span', { title: item.points_text }, item.points ?? '') },
            { title: a.correction, class: 'wide-only', cell: (item) => item.corrected_by && h('div', { class: 'small' }, person(item.reason), h('div', { class: 'muted' }, person(item.corrected_by))) },
            { title: a.actions, hidden: true, class: 'actions no-print', cell: (item) => button(a.correct.short, correct(item), { kind: 'compact', 'aria-label': a.correct.of(nameOf(item)), data: { keep: item.student_id } }) },
        ],
    });
}

function show(place, context) {
    const state = { class: context.route.query.class || '', date: context.route.query.date || dateAt(), only: '' };
    const pickers = h('div', { class: 'toolbar no-print' });
    const body = h('div', { class: 'stack' });
    replace(place, sectionHead(a.nav.rolls), pickers, body);

    const pick = (change) => {
        Object.assign(state, change);
        context.note({ query: { class: state.class, date: state.date } });
        replace(body);
        load();
    };
    const draw = async (roll) => {
        const stations = await context.stationNames();
        const changed = () => load();
        if (!roll.session?.school && !isOff(roll) && roll.items.length === 0)
            return empty(a.session.noSchool, roll.no_school || a.session.noSchoolText);
        const shownItems = roll.items.filter((item) => !state.only || item.status === state.only);
        const filter = select('only', [['', a.everybody], ...ORDER.filter((word) => roll.counts[word] > 0).map((word) => [word, `${t.status[word]} (${roll.counts[word]})`])], { value: state.only, data: { keep: 'only' } });
        filter.addEventListener('change', async () => {
            state.only = filter.value;
            replace(body, await draw(roll));
            body.querySelector('select[name=only]').focus();
        });
        const seen = roll.counts.present + roll.counts.late;
        const judged = seen + roll.counts.absent;
        return [
            h('div', { class: 'card stack tight' },
                h('p', { class: 'print-only' }, person(context.me.school.name)),
                h('h2', {}, `${roll.class_id} · ${dateTextLong(roll.date)}`),
                h('p', { class: 'muted' }, stateLine(roll)),
                roll.half_day !== null && h('p', {}, a.session.halfDay, ' ', person(roll.half_day)),
                roll.items.length > 0 && [summary(roll), h('p', {}, a.rollRate(percent(judged ? seen / judged : null), roll.items.length))],
                h('div', { class: 'row no-print' },
                    sessionButtons(roll, changed),
                    button(a.print, () => window.print(), { data: { keep: 'print' } }),
                    h('a', { class: 'button', href: url('/api/export/attendance', { from: roll.date, to: roll.date, class: roll.class_id }), download: true }, a.csv))),
            roll.items.length === 0 ? !isOff(roll) && empty(a.todayPage.nobody, a.todayPage.nobodyText) : [
                h('div', { class: 'toolbar no-print' }, field(a.showOnly, filter)),
                rollTable({ ...roll, items: shownItems }, stations, context, changed),
                h('p', { class: 'print-only signature' }, a.signature)],
        ];
    };
    const load = () => loadInto(body, () => get('/api/rolls', { class: state.class, date: state.date }), draw);
    const begin = async () => {
        const list = await context.classes();
        if (list.length === 0) return replace(body, noClasses(context));
        if (!state.class) state.class = list[0].id; // one that is not there is told as such
        replace(pickers, field(a.class, classSelect(list, state.class, (id) => pick({ class: id }), { all: false })), dayField(state.date, (date) => pick({ date })));
        await load();
        if (!place.isConnected) return; // left meanwhile
        const soon = throttle(load, 1000);
        const concerns = (event) => event.detail.class_id === state.class && event.detail.date === state.date && soon();
        context.on('mark', concerns);
        context.on('correction', concerns);
        context.onChanged(['roll', 'students', 'classes', 'calendar'], soon);
    };
    loadInto(body, begin, () => [...body.childNodes]);
    return { update: (route) => pick({ class: route.query.class || state.class, date: route.query.date || dateAt() }) };
}

export const rolls = { id: 'rolls', show };
