/*
 * The student's page, for a phone first: today, the month, streak and points, charts, the class's board, own data. It asks
 * for nothing but the student's own things and the board.
 */
import { get, patch, path } from './api.js';
import { barChart, chart } from './charts.js';
import { connection } from './connection.js';
import { Live } from './live.js';
import { begin, changePassword, signOut } from './session.js';
import { t } from './strings.js';
import { disputeDialog, monthCard } from './student-month.js';
import { s } from './student-strings.js';
import { clockAt, dateAt, dateText, dateTextLong, timeOf } from './time.js';
import { button, field, formDialog, h, loadInto, person, replace, status, table, toast } from './ui.js';

const live = new Live();
let me;

function card(id, title, ...children) {
    return h('section', { class: 'card', 'aria-labelledby': id }, h('h2', { id }, title), children);
}

const percent = (rate) => (rate === null || rate === undefined ? '–' : `${Math.round(rate * 100)} %`);

// ---- today -----------------------------------------------------------------------------------------------------------

function todayText(day) {
    if (!day || (!day.school && !day.status)) return day?.label ? `${s.today.noSchool} ${day.label}.` : s.today.noSchool;
    if (['present', 'late'].includes(day.status) && day.captured) return s.today[day.status](timeOf(day.captured));
    return s.today[day.status] ?? s.today.none;
}

function todayView(day) {
    const word = day?.status;
    return [
        h('p', { class: 'today-line' }, word && status(word), h('span', {}, todayText(day))),
        word === 'none' && h('p', { class: 'muted' }, s.today.noneHint),
        day?.corrected_by && h('p', { class: 'muted' }, person(s.day.correctedBy(day.corrected_by, day.reason ?? ''))),
        day?.points > 0 && h('p', {}, h('strong', { class: 'big' }, s.today.points(day.points)), ' ', h('span', { class: 'muted' }, day.points_text)),
        h('div', { class: 'row between' },
            day?.receipt ? h('p', { class: 'muted' }, `${s.today.receipt} `, h('span', { class: 'mono' }, day.receipt)) : h('span'),
            button(s.today.wrong, () => disputeDialog(me, dateAt()), { kind: 'quiet compact' })),
    ];
}

function todayCard() {
    const body = h('div', { class: 'stack tight', 'aria-live': 'polite' });
    const load = () => loadInto(body, () => get(path('/api/students', me.student_id, 'attendance'), { month: dateAt().slice(0, 7) }),
        (answer) => todayView(answer.days.find((day) => day.date === dateAt())));
    return { node: card('today-title', `${s.today.title} · ${dateTextLong(dateAt())}`, body), load };
}

// ---- numbers, profile ------------------------------------------------------------------------------------------------

function figure(value, word, sub) {
    return h('div', { class: 'figure' }, h('dt', {}, word), h('dd', {}, h('strong', {}, value), sub && h('span', { class: 'muted small' }, sub)));
}

function profileView(student) {
    const fact = (word, value) => value && [h('dt', {}, word), h('dd', {}, value)];
    return h('dl', { class: 'facts' },
        fact(s.profile.id, student.id), fact(s.profile.class, student.class_id), fact(s.profile.roll, student.roll_number),
        fact(s.profile.joined, dateText(student.joined)), fact(s.profile.face, student.enrolled ? s.profile.enrolled : s.profile.notEnrolled));
}

function meCard() {
    const figures = h('div'), profile = h('div');
    const load = () => loadInto(figures, () => get(path('/api/students', me.student_id)), (student) => {
        const { standing } = student;
        replace(profile, profileView(student));
        return h('dl', { class: 'figures student-figures' },
            figure(String(standing.streak), s.figures.streak, s.figures.best(standing.best_streak)),
            figure(String(standing.points), s.figures.points),
            figure(percent(standing.rate), s.figures.rate),
            figure(String(standing.late), s.figures.late));
    });
    return { node: card('me-title', s.figures.title, figures), profile: card('profile-title', s.profile.title, profile), load };
}

// ---- charts ----------------------------------------------------------------------------------------------------------

function arrivalsChart(arrivals) {
    const minutes = arrivals.map((one) => Math.round(one.minutes_from_start));
    return chart({
        label: `${s.charts.arrivals}: ${s.charts.arrivalsHint}`,
        rows: [[s.charts.date, s.charts.minutes], ...arrivals.map((one, i) => [dateText(one.date), minutes[i]])],
        make: (paint) => ({
            type: 'line',
            data: { labels: arrivals.map((one) => dateText(one.date)), datasets: [{ data: minutes, borderColor: paint('--accent'), backgroundColor: paint('--accent'), pointRadius: 2.5, borderWidth: 1.5, tension: 0.2 }] },
            options: {
                responsive: true,
                maintainAspectRatio: false,
                plugins: { legend: { display: false } },
                scales: { x: { ticks: { maxTicksLimit: 6, maxRotation: 0 }, grid: { display: false } }, y: { title: { display: true, text: s.charts.minutes }, ticks: { precision: 0 } } },
            },
        }),
    });
}

function monthsChart(months) {
    const values = (word) => months.map((one) => one[word]);
    return barChart({
        label: s.charts.months,
        labels: months.map((one) => t.months[Number(one.month.slice(5)) - 1]),
        series: ['present', 'late', 'absent'].map((word) => ({ name: t.status[word], colour: `--${word}`, values: values(word) })),
    });
}

function chartsCard() {
    const months = h('div', { class: 'chart-place' }), arrivals = h('div', { class: 'chart-place' });
    const load = () => loadInto(months, () => get(path('/api/students', me.student_id, 'trend'), { months: 12 }), async (trend) => {
        const known = trend.months.filter((one) => one.rate !== null);
        replace(arrivals, trend.arrivals.length > 1 ? await arrivalsChart(trend.arrivals) : h('p', { class: 'muted' }, s.charts.later));
        return known.length > 0 ? monthsChart(known) : h('p', { class: 'muted' }, s.charts.later);
    });
    return {
        nodes: [card('months-title', s.charts.months, months), card('arrivals-title', s.charts.arrivals, h('p', { class: 'muted small' }, s.charts.arrivalsHint), arrivals)],
        load,
    };
}

// ---- the board -------------------------------------------------------------------------------------------------------

function boardDialog(student, changed) {
    const nickname = h('input', { type: 'text', name: 'nickname', maxlength: '40', value: student.nickname ?? '', autocomplete: 'off' });
    const hidden = h('input', { type: 'checkbox', name: 'hidden', checked: student.board_hidden });
    return formDialog({
        title: s.board.edit,
        body: [field(s.board.nickname, nickname, { hint: s.board.nicknameHint }), h('label', { class: 'check' }, hidden, h('span', {}, s.board.hidden))],
        submit: async (form, close) => {
            await patch('/api/me/profile', { nickname: nickname.value.trim(), board_hidden: hidden.checked });
            toast(s.board.saved);
            close(true);
            changed();
        },
    });
}

function boardCard() {
    const body = h('div');
    const edit = button(s.board.edit, async () => boardDialog(await get(path('/api/students', me.student_id)), () => load()), { kind: 'compact' });
    const head = h('h2', { id: 'board-title' }, s.board.title(me.classes[0] ?? ''));
    const node = h('section', { class: 'card', 'aria-labelledby': 'board-title' }, h('div', { class: 'card-head' }, head, edit), body);
    const columns = [
        { title: s.board.rank, cell: (row) => String(row.rank), class: 'number' },
        { title: s.board.name, head: true, cell: (row) => [person(row.name), row.me && h('span', { class: 'tag info' }, s.board.me)] },
        { title: s.board.points, cell: (row) => String(row.points), class: 'number' },
        { title: s.board.rate, cell: (row) => percent(row.rate), class: 'number' },
        { title: s.board.streak, cell: (row) => String(row.streak), class: 'number wide-only' },
    ];
    const load = () => loadInto(body, () => get('/api/leaderboard'), (answer) => {
        head.textContent = s.board.title(answer.class);
        const off = answer.enabled === false;
        edit.hidden = off;
        if (off) return h('p', { class: 'muted' }, s.board.off);
        return table({ caption: s.board.title(answer.class), columns, rows: answer.items, row: (row, tr) => row.me && tr.classList.add('selected') });
    });
    return { node, load };
}

// ---- the page --------------------------------------------------------------------------------------------------------

function dataCard() {
    return card('data-title', s.data.title, h('p', {}, s.data.text),
        h('p', { class: 'row data-link' }, h('a', { class: 'button', href: path('/api/students', me.student_id, 'export'), download: `rollcall-${me.student_id}.json` }, s.data.get)));
}

function topbar() {
    const clock = h('time', { class: 'clock', title: me.school.timezone });
    const tick = () => { clock.textContent = clockAt(); };
    tick();
    setInterval(tick, 5000);
    return h('header', { class: 'topbar' },
        h('span', { class: 'brand-link' }, h('img', { src: '/assets/icon.svg', alt: '', width: '28', height: '28' }), h('span', {}, person(me.school.name || t.product))),
        h('div', { class: 'grow' }), connection(live), clock);
}

function build() {
    const today = todayCard(), own = meCard(), month = monthCard(me), charts = chartsCard(), board = boardCard();
    const account = h('section', { class: 'card', 'aria-labelledby': 'account-title' }, h('h2', { id: 'account-title' }, s.mine),
        h('div', { class: 'row' },
            button(s.changePassword, async () => { if (await changePassword()) toast(t.change.done); }),
            button(s.signOut, signOut)));
    replace(document.getElementById('page'), topbar(),
        h('main', { id: 'main', class: 'student-main', tabindex: '-1' },
            h('div', { class: 'student-head' }, h('h1', {}, person(s.hello(me.full_name || me.username)))),
            h('div', { class: 'student-columns' },
                h('div', { class: 'stack' }, today.node, own.node, month.node),
                h('div', { class: 'stack' }, charts.nodes, board.node, own.profile, dataCard(), account))));
    const loadAll = () => [today, own, month, charts, board].forEach((part) => part.load());
    const loadDay = () => [today, own, month, board].forEach((part) => part.load());
    loadAll();
    let timer = null;
    const soon = () => {
        clearTimeout(timer);
        timer = setTimeout(loadDay, 150);
    };
    for (const name of ['mark', 'correction', 'changed']) live.addEventListener(name, soon);
    live.addEventListener('reset', loadAll);
    live.addEventListener('signed-out', () => get('/api/me').catch(() => {}));
    live.start();
}

async function main() {
    me = await begin(['student']);
    document.title = `${s.hello(me.full_name || me.username)} · ${t.product}`;
    build();
}

main().catch((error) => {
    replace(document.getElementById('page'), h('main', { class: 'centre', id: 'main' },
        h('div', { class: 'banner bad', role: 'alert' }, error.message, button(t.retry, () => location.reload()))));
});
