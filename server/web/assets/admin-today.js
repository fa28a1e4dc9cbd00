/* Today: numbers, what happens now, a camera, and the class to act on. Everything live. */
import { cameraCard } from './admin-camera.js';
import { feedCard } from './admin-feed.js';
import { classSelect, correctDialog, dayField, figure, nameOf, noClasses, offText, percent, sessionText, throttle } from './admin-parts.js';
import { a } from './admin-strings.js';
import { get } from './api.js';
import { t } from './strings.js';
import { dateAt, dateTextLong, timeOf } from './time.js';
import { empty, field, h, keepFocus, loadInto, person, replace, statusShape, table } from './ui.js';

const KEYS = { p: 'present', l: 'late', e: 'excused', a: 'absent' };

/* Each in its own place, also while it is 0: one looks where it was yesterday. */
function numbers(total) {
    return h('dl', { class: 'figures' },
        figure(a.numbers.present, total.present, { kind: 'present', shape: t.shape.present }),
        figure(a.numbers.late, total.late, { kind: 'late', shape: t.shape.late }),
        figure(a.numbers.none, total.none, { kind: 'none', shape: t.shape.none }),
        figure(a.numbers.absent, total.absent, { kind: 'absent', shape: t.shape.absent, sub: total.excused ? a.numbers.alsoExcused(total.excused) : null }),
        figure(a.numbers.unjudged, total.unjudged + total.pending, { kind: 'unjudged', shape: t.shape.unjudged, sub: total.pending ? a.numbers.pending(total.pending) : null }),
        figure(a.numbers.rate, percent(total.rate), { sub: a.numbers.ofJudged(total.present + total.late + total.absent, total.students) }));
}

function classTable(stats, context, pick) {
    if (stats.classes.length === 0) return noClasses(context);
    const number = (name) => ({ title: a.numbers[name], class: 'number', cell: (row) => String(row[name]) });
    return table({
        caption: a.todayPage.classes,
        rows: stats.classes,
        columns: [
            { title: a.class, head: true, cell: (row) => h('button', { type: 'button', class: 'link', data: { keep: row.id }, onclick: () => pick(row.id) }, row.id) },
            { title: a.session.title, class: 'wide-only', cell: (row) => h('span', { class: 'muted' }, sessionText(row.session)) },
            number('present'), number('late'),
            number('none'), number('absent'),
            { ...number('excused'), class: 'number wide-only' },
            { title: a.numbers.unjudged, class: 'number wide-only', cell: (row) => String(row.unjudged + row.pending) },
            { title: a.numbers.rateShort, class: 'number', cell: (row) => percent(row.rate) },
        ],
    });
}

function tile(roll, item, changed) {
    const act = (preset) => async () => {
        if (await correctDialog({ item, classId: roll.class_id, date: roll.date, preset })) changed();
    };
    const detail = [t.status[item.status], item.captured && timeOf(item.captured)].filter(Boolean).join(' ');
    return h('li', {}, h('button', {
        type: 'button',
        class: `tile ${item.status}`,
        data: { keep: item.student_id },
        onclick: act(),
        onkeydown: (event) => {
            if (KEYS[event.key] && !event.ctrlKey && !event.metaKey && !event.altKey) {
                event.preventDefault();
                act(KEYS[event.key])();
            }
        },
    },
    statusShape(item.status),
    h('span', { class: 'tile-name' }, item.roll_number && h('span', { class: 'muted' }, `${item.roll_number} `), person(nameOf(item))),
    h('span', { class: 'muted small' }, detail, item.corrected_by && ` · ${a.corrected}`)));
}

function classGrid(roll, context, changed) {
    if (!roll.session?.school && roll.items.length === 0) return empty(a.session.noSchool, roll.no_school || a.session.noSchoolText);
    if (roll.items.length === 0) return empty(a.todayPage.nobody, a.todayPage.nobodyText, context.isAdmin && h('a', { class: 'button', href: '#students' }, a.nav.students));
    return h('div', { class: 'stack' },
        h('p', { class: 'muted' }, roll.session.school ? sessionText(roll.session) : offText(roll), ' · ',
            h('a', { href: context.href({ section: 'rolls', query: { class: roll.class_id, date: roll.date } }) }, a.todayPage.openRoll)),
        h('p', { class: 'muted small wide-only' }, a.todayPage.keys),
        h('ul', { class: 'plain tiles' }, roll.items.map((item) => tile(roll, item, changed))));
}

function show(place, context) {
    const state = { class: context.route.query.class || '', date: context.route.query.date || dateAt(), followsToday: !context.route.query.date };
    const numbersPlace = h('section', { 'aria-label': a.todayPage.numbers });
    const gridPlace = h('div', {});
    const gridTitle = h('h2', {});
    const dayLine = h('p', { class: 'muted' });
    const feed = feedCard(context, () => state);
    const camera = cameraCard(context, () => state.class);
    const pickers = h('div', { class: 'toolbar no-print' });

    const pick = (change) => {
        Object.assign(state, change);
        if (change.date) state.followsToday = change.date === dateAt();
        context.note({ query: { class: state.class, date: state.followsToday ? '' : state.date } });
        drawPickers();
        numbersPlace.replaceChildren();
        gridPlace.replaceChildren();
        load();
        feed.restart();
        if ('class' in change) camera.reload();
    };
    const drawPickers = async () => {
        const list = await context.classes().catch(() => []);
        const had = pickers.contains(document.activeElement) ? document.activeElement.name || document.activeElement.getAttribute('aria-label') : null;
        replace(pickers, field(a.class, classSelect(list, state.class, (id) => pick({ class: id }))), dayField(state.date, (date) => pick({ date })));
        if (had) [...pickers.querySelectorAll('select, button, input')].find((node) => node.name === had || node.getAttribute('aria-label') === had)?.focus();
    };
    const load = () => {
        if (state.followsToday) state.date = dateAt(); // a page that is open over midnight goes on with the new day
        dayLine.textContent = dateTextLong(state.date);
        gridTitle.textContent = state.class || a.todayPage.classes;
        const query = { date: state.date, class: state.class };
        loadInto(numbersPlace, () => get('/api/stats', query), (stats) => {
            if (!state.class) keepFocus(gridPlace, () => replace(gridPlace, classTable(stats, context, (id) => pick({ class: id }))));
            return [numbers(stats.total), !state.class && stats.no_school.length > 0 && h('p', { class: 'muted small' }, a.todayPage.noSchool(stats.no_school))];
        });
        if (state.class)
            get('/api/rolls', query).then(
                (roll) => roll.class_id === state.class && roll.date === state.date && keepFocus(gridPlace, () => replace(gridPlace, classGrid(roll, context, load))),
                (error) => replace(gridPlace, h('div', { class: 'banner bad', role: 'alert' }, error.message)));
    };
    const soon = throttle(load, 700);
    const concerns = (event) => (!state.class || event.detail.class_id === state.class) && event.detail.date === state.date;

    replace(place,
        h('div', { class: 'section-head' }, h('div', {}, h('h1', { tabindex: '-1' }, a.nav.today), dayLine), pickers), numbersPlace,
        h('div', { class: 'today-columns' }, feed.node, camera.node),
        h('section', { class: 'stack', 'aria-labelledby': 'grid-title' }, Object.assign(gridTitle, { id: 'grid-title' }), gridPlace));
    drawPickers();
    load();
    context.on('mark', (event) => concerns(event) && soon());
    context.on('correction', (event) => concerns(event) && soon());
    context.onChanged(['roll', 'students', 'classes', 'calendar'], soon);
    return { leave: () => camera.leave() };
}

export const today = { id: 'today', show };
