/*
 * The student's page, for a phone first: today, the month, streak and points, charts, the class's board, own data. It asks
 * for nothing but the student's own things and the board.
 */
import { get, path } from './api.js';
import { connection } from './connection.js';
import { Live } from './live.js';
import { begin, changePassword, signOut } from './session.js';
import { t } from './strings.js';
import { boardCard } from './student-board.js';
import { chartCards } from './student-charts.js';
import { correctionText, disputeDialog, monthCard, pointsText } from './student-month.js';
import { card, loadChanged, percent } from './student-parts.js';
import { s } from './student-strings.js';
import { clockAt, dateAt, dateText, dateTextLong, timeOf } from './time.js';
import { button, h, person, replace, toast } from './ui.js';

const OWN_MS = 100; // after an event about oneself: several may come together
const SCHOOL_MS = 3000; // after one about the whole school: not every phone at the same moment

const live = new Live();
let me;

// ---- today -----------------------------------------------------------------------------------------------------------

function todayView(day) {
    const word = day?.status ?? 'noSchool';
    const hint = word === 'noSchool' ? day?.label : s.today.hint[word];
    return [
        h('div', { class: `today-line status ${word}` }, h('span', { class: 'shape', 'aria-hidden': 'true' }, t.shape[word] ?? '–'),
            h('div', {}, h('p', { class: 'today-word' }, s.today.line[word] ?? t.status[word]), day?.captured && h('p', { class: 'today-seen' }, s.today.seen(timeOf(day.captured))))),
        hint && h('p', { class: 'muted' }, person(hint)),
        day?.corrected_by && h('p', {}, correctionText(day)),
        Boolean(day?.points) && h('p', { class: 'today-points' }, pointsText(day)),
        word !== 'noSchool' && h('div', { class: 'row between' },
            h('p', { class: 'muted' }, day.receipt && [`${s.today.receipt} `, h('span', { class: 'mono' }, day.receipt)]),
            button(s.today.wrong, () => disputeDialog(me, day.date), { kind: 'quiet compact', data: { keep: 'today-wrong' } })),
    ];
}

function todayCard() {
    const body = h('div', { class: 'stack tight' });
    const head = h('h2', { id: 'today-title' });
    const said = h('p', { class: 'visually-hidden', role: 'status' }); // only what is new is read out
    let before = null;
    const load = () => {
        head.textContent = `${s.today.title} · ${dateTextLong(dateAt())}`;
        return loadChanged(body, () => get(path('/api/students', me.student_id, 'attendance'), { month: dateAt().slice(0, 7) }), ({ days }) => {
            const day = days.find((one) => one.date === dateAt());
            if (before && before !== day?.status) said.textContent = s.today.line[day?.status] ?? '';
            before = day?.status;
            return todayView(day);
        });
    };
    return { node: h('section', { class: 'card today', 'aria-labelledby': 'today-title' }, head, body, said), load };
}

// ---- numbers, profile ------------------------------------------------------------------------------------------------

function figure(value, word, sub) {
    return h('div', { class: 'figure' }, h('dt', {}, word), h('dd', {}, h('strong', {}, value), sub && h('span', { class: 'muted small' }, sub)));
}

function figuresView(standing) {
    return h('dl', { class: 'figures' },
        figure(String(standing.streak), s.figures.streak, standing.best_streak > standing.streak && s.figures.best(standing.best_streak)),
        figure(String(standing.points), s.figures.points),
        figure(percent(standing.rate), s.figures.rate),
        figure(String(standing.late), s.figures.late));
}

function consentText(student) {
    const last = student.consent_history.at(-1);
    if (!last) return s.consent.none;
    return [s.consent[last.state](person(last.by), dateText(last.at.slice(0, 10))), last.state === 'given' && h('div', { class: 'muted small' }, s.consent.withdraw)];
}

function factsView(student) {
    const fact = (word, value) => value && [h('dt', {}, word), h('dd', {}, value)];
    return h('dl', { class: 'facts' },
        fact(s.profile.id, student.id), fact(s.profile.class, student.class_id), fact(s.profile.roll, student.roll_number), fact(s.profile.nickname, student.nickname && person(student.nickname)),
        fact(s.profile.joined, dateText(student.joined)), fact(s.profile.face, student.enrolled ? s.profile.enrolled : s.profile.notEnrolled),
        fact(s.profile.consent, consentText(student)));
}

/** Two cards about oneself from one answer. */
function ownCards() {
    const figures = h('div'), facts = h('div');
    const load = () => loadChanged(figures, () => get(path('/api/students', me.student_id)), (student) => {
        replace(facts, factsView(student));
        return figuresView(student.standing);
    });
    const mine = card('mine-title', s.mine, h('div', { class: 'stack' }, facts,
        h('div', { class: 'stack tight no-print' }, h('p', {}, s.data.text),
            h('p', {}, h('a', { class: 'button', href: path('/api/students', me.student_id, 'export'), download: `rollcall-${me.student_id}.json` }, s.data.get))),
        h('div', { class: 'row' },
            button(s.changePassword, async () => (await changePassword()) && toast(t.change.done)),
            button(s.signOut, signOut))));
    return { numbers: card('numbers-title', s.figures.title, figures), mine, load };
}

// ---- the page --------------------------------------------------------------------------------------------------------

/** onday() when the school's day changes while the page is open. */
function topbar(onday) {
    const clock = h('time', { class: 'clock', title: me.school.timezone });
    let day = dateAt();
    const tick = () => {
        clock.textContent = clockAt();
        if (day === dateAt()) return;
        day = dateAt();
        onday();
    };
    tick();
    setInterval(tick, 5000);
    return h('header', { class: 'topbar no-print' },
        h('span', { class: 'brand-link' }, h('img', { src: '/assets/icon.svg', alt: '', width: '28', height: '28' }), h('span', {}, person(me.school.name || t.product))),
        h('div', { class: 'grow' }), connection(live), clock);
}

/** Loads anew once, so long after the first of several calls. */
function soon(load) {
    let timer = null;
    let due = Infinity;
    return (ms) => {
        if (Date.now() + ms >= due) return;
        clearTimeout(timer);
        due = Date.now() + ms;
        timer = setTimeout(() => {
            due = Infinity;
            load();
        }, ms);
    };
}

function build() {
    const today = todayCard(), own = ownCards(), month = monthCard(me), charts = chartCards(me);
    const board = boardCard(me, () => [own, board].forEach((part) => part.load()));
    const loadAll = () => [today, own, month, charts, board].forEach((part) => part.load());
    replace(document.getElementById('page'), topbar(loadAll),
        h('main', { id: 'main', class: 'student-main', tabindex: '-1' },
            h('h1', {}, person(s.hello(me.full_name || me.username))),
            h('div', { class: 'student-columns' },
                h('div', { class: 'stack' }, today.node, own.numbers, month.node, charts.arrivals),
                h('div', { class: 'stack' }, charts.months, board.node, own.mine))));
    loadAll();

    const again = soon(loadAll);
    for (const name of ['mark', 'correction']) live.addEventListener(name, () => again(OWN_MS));
    live.addEventListener('changed', () => again(Math.random() * SCHOOL_MS));
    live.addEventListener('reset', loadAll);
    live.addEventListener('signed-out', () => get('/api/me').catch(() => {}));
}

async function main() {
    me = await begin(['student']);
    document.title = `${s.hello(me.full_name || me.username)} · ${t.product}`;
    await live.start();
    build();
}

main().catch((error) => {
    replace(document.getElementById('page'), h('main', { class: 'centre', id: 'main' },
        h('div', { class: 'banner bad', role: 'alert' }, error.message, button(t.retry, () => location.reload()))));
});
