/* The panel of one student: who, how it goes, the days of a month, and the history with the scores behind each mark. */
import { lanePart } from './admin-cards.js';
import { consentPart } from './admin-consent.js';
import { enrolDialog } from './admin-enrol.js';
import { correctDialog, figure, percent, scoreBar, throttle } from './admin-parts.js';
import { a } from './admin-strings.js';
import { archiveDialog, eraseDialog, studentDialog, unenrolDialog } from './admin-student-edit.js';
import { get, path } from './api.js';
import { barChart } from './charts.js';
import { monthSteps, monthTable } from './month.js';
import { t } from './strings.js';
import { dateAt, dateText, dateTextLong, momentText, monthText, timeOf } from './time.js';
import { attempt, button, empty, h, loadInto, menu, person, replace, status, tag } from './ui.js';

const HISTORY_PAGE = 20;
const MONTHS = 6;

/** Nobody may enrol the face. */
const isWithout = (student) => student.consent === 'refused' || student.consent === 'withdrawn';

function head(student, context, does) {
    const tags = [
        student.archived && h('span', { class: 'tag' }, a.students.left),
        student.enrolled ? tag(a.student.templates(student.template_count), 'good') : !student.archived && (isWithout(student) ? tag(a.student.noFace) : tag(a.student.notEnrolled, 'warn')),
    ];
    return h('div', { class: 'stack tight' },
        h('div', { class: 'row between' }, h('h2', { tabindex: '-1' }, person(student.name)), button('✕', does.close, { data: { keep: 'close' }, kind: 'quiet compact', 'aria-label': a.student.close })),
        h('p', { class: 'muted' }, h('span', { class: 'mono' }, student.id), ` · ${student.class_id}`, student.roll_number && ` · ${a.student.rollNumber(student.roll_number)}`),
        h('div', { class: 'row' }, tags),
        h('p', { class: 'small' }, h('a', { href: context.href({ section: 'alerts', query: { view: 'why', student: student.id } }) }, a.student.whyNobody)),
        context.isAdmin && h('div', { class: 'row panel-actions' },
            button(a.student.edit, does.edit, { kind: 'compact', data: { keep: 'edit' } }),
            !student.archived && button(student.enrolled ? a.student.enrolAgain : a.student.enrol, does.enrol, { kind: student.enrolled || isWithout(student) ? 'compact' : 'compact primary', data: { keep: 'enrol' } }),
            menu(h('summary', { class: 'button compact', data: { keep: 'more' } }, a.student.more), h('div', { class: 'stack tight card' },
                student.enrolled && button(a.student.unenrol, does.unenrol, { kind: 'quiet' }),
                button(student.archived ? a.student.restore : a.student.archive, does.archive, { kind: 'quiet' }),
                h('a', { class: 'button quiet-link', href: path('/api/students', student.id, 'export'), download: true }, a.student.data),
                button(a.student.erase, does.erase, { kind: 'danger' })), { class: 'more' })));
}

function figures(standing) {
    return h('dl', { class: 'figures small-figures' },
        figure(a.numbers.rate, percent(standing.rate)),
        figure(a.student.streak, a.student.days(standing.streak), { sub: a.student.best(standing.best_streak) }),
        figure(a.points, standing.points),
        figure(t.status.absent, standing.absent, { kind: 'absent', shape: t.shape.absent }),
        figure(t.status.late, standing.late, { kind: 'late', shape: t.shape.late }),
        figure(t.status.excused, standing.excused, { kind: 'excused', shape: t.shape.excused }));
}

function facts(student) {
    const { standing } = student;
    const fact = (word, value) => value && [h('dt', {}, word), h('dd', {}, value)];
    return h('dl', { class: 'facts' },
        fact(a.student.firstSeen, standing.first_seen ? momentText(standing.first_seen) : a.station.never),
        fact(a.student.lastSeen, standing.last_seen ? momentText(standing.last_seen) : a.station.never),
        fact(a.student.joined, student.joined && dateText(student.joined)),
        fact(a.student.left, student.left && dateText(student.left)),
        fact(a.student.parent, student.parent_name && person(student.parent_name)),
        fact(a.student.phone, student.parent_phone && [person(student.parent_phone), student.parent_stopped && h('div', {}, h('span', { class: 'tag warn' }, a.student.stopped(momentText(student.parent_stopped))))]),
        fact(a.student.email, student.parent_email && person(student.parent_email)),
        fact(a.student.nickname, student.nickname && person(student.nickname)),
        fact(a.student.note, student.note && person(student.note)));
}

/** The days of a month with shapes; a school day opens the correction. */
function monthView(student, days, correct) {
    const isToCome = (day) => day.status === 'none' && day.date > dateAt();
    const cell = (day, number) => {
        if (!day.status) return h('td', { class: day.label ? 'closed' : '', title: day.label }, number, day.label && h('span', { class: 'visually-hidden' }, person(day.label)));
        return h('td', {}, h('button', { type: 'button', class: `day ${isToCome(day) ? 'to-come' : day.status}`, data: { keep: day.date }, title: `${dateTextLong(day.date)}: ${isToCome(day) ? a.student.toCome : t.status[day.status]}${day.label ? `. ${a.session.halfDay} ${day.label}` : ''}`, onclick: () => correct(day) },
            number, isToCome(day) ? h('span', { class: 'visually-hidden' }, a.student.toCome) : status(day.status, { text: false })));
    };
    return monthTable({ caption: a.student.monthOf(student.name), days, cell });
}

function monthCard(student, context, changed) {
    let month = dateAt().slice(0, 7);
    const body = h('div', {});
    const title = h('h3', { 'aria-live': 'polite' });
    const correct = async (day) => {
        const item = { student_id: student.id, name: student.name, ...day };
        if (await correctDialog({ item, classId: student.class_id, date: day.date })) changed();
    };
    const load = () => {
        title.textContent = monthText(month);
        return loadInto(body, () => get(path('/api/students', student.id, 'attendance'), { month }), (answer) => monthView(student, answer.days, correct));
    };
    const go = (to) => {
        month = to;
        load();
    };
    load();
    return {
        node: h('section', { class: 'stack tight' },
            h('div', { class: 'row between' }, title, monthSteps({ of: () => month, onchange: go, before: a.student.monthBefore, after: a.student.monthAfter })),
            body, h('p', { class: 'muted small' }, a.student.monthHint)),
        load,
    };
}

const isNumber = (value) => typeof value === 'number';

function scores(item) {
    if (item.method !== 'face') return null;
    return h('div', { class: 'scores' },
        isNumber(item.distance) && scoreBar(a.scores.match, item.distance, 0.8, !isNumber(item.threshold) ? null : { value: item.threshold, most: true }),
        isNumber(item.margin) && scoreBar(a.scores.margin, item.margin, 0.4),
        item.blink_ms > 0 && scoreBar(a.scores.blink, item.blink_ms, 500, null, 0),
        h('p', { class: 'muted small' }, [item.first_try && a.scores.firstTry, item.eye_contact && a.scores.eyeContact, item.policy && a.scores.policy(item.policy), item.live_reason].filter(Boolean).join(' · ')));
}

function historyLine(item, stations) {
    const at = item.kind === 'mark' ? item.captured : item.at;
    const when = h('span', { class: 'muted nowrap' }, item.kind === 'mark' ? `${dateText(item.date)} ${timeOf(at)}` : momentText(at));
    if (item.kind === 'mark')
        return h('li', { class: 'history-item' },
            h('div', { class: 'row between' }, h('span', { class: 'row' }, status(item.status), item.clock_suspect && h('span', { class: 'tag warn' }, a.scores.clock)), when),
            h('p', { class: 'small' }, [a.methods[item.method] ?? item.method, stations.get(item.station) ?? item.station].filter(Boolean).join(' · '), item.points_text && ` · ${item.points_text}`), scores(item));
    if (item.kind === 'correction')
        return h('li', { class: 'history-item' },
            h('div', { class: 'row between' }, h('span', { class: 'row' }, status(item.status), h('span', { class: 'tag info' }, a.corrected)), when),
            h('p', { class: 'small' }, a.history.correction(dateText(item.date)), ' ', person(item.by), ': ', person(item.reason)));
    return h('li', { class: 'history-item' },
        h('div', { class: 'row between' }, h('span', { class: 'tag warn' }, a.kinds.dispute), when), h('p', { class: 'small' }, person(item.reason)));
}

function historyCard(student, context) {
    const body = h('div', {});
    const address = path('/api/students', student.id, 'history');
    const load = () => loadInto(body, () => get(address, { limit: HISTORY_PAGE }), async (first) => {
        const stations = await context.stationNames();
        if (first.items.length === 0) return empty(a.history.none, a.history.noneText);
        const list = h('ol', { class: 'plain history' }, first.items.map((item) => historyLine(item, stations)));
        let { next } = first;
        const more = button(t.more, () => attempt(async () => {
            const page = await get(address, { limit: HISTORY_PAGE, after: next });
            list.append(...page.items.map((item) => historyLine(item, stations)));
            next = page.next;
            if (!next) more.remove();
        }, more), { kind: 'compact' });
        return [list, next && more];
    });
    load();
    return { node: h('section', { class: 'stack tight' }, h('h3', {}, a.history.title), body), load };
}

function trendCard(student) {
    const body = h('div', { class: 'chart-place' });
    loadInto(body, () => get(path('/api/students', student.id, 'trend'), { months: MONTHS }), (trend) => {
        const months = trend.months.filter((one) => one.rate !== null);
        if (months.length < 2) return h('p', { class: 'muted' }, a.student.trendLater);
        return barChart({
            label: a.student.trend,
            labels: months.map((one) => t.months[Number(one.month.slice(5)) - 1]),
            series: [
                { name: t.status.present, colour: '--present', values: months.map((one) => one.present) },
                { name: t.status.late, colour: '--late', values: months.map((one) => one.late) },
                { name: t.status.absent, colour: '--absent', values: months.map((one) => one.absent) },
            ],
        });
    });
    return h('section', { class: 'stack tight' }, h('h3', {}, a.student.trend), body);
}

/** Fills side with the student; does: { close, changed, gone }. Returns { leave }. */
export function studentPanel(side, context, id, does) {
    let month = null;
    let history = null;
    const top = h('div', { class: 'stack' });
    const rest = h('div', { class: 'stack' });
    let student = null;

    const changed = () => {
        loadTop();
        month?.load();
        history?.load();
        does.changed();
    };
    const actions = {
        close: does.close,
        edit: async () => (await studentDialog({ student, classes: await context.classes() })) && changed(),
        enrol: async () => {
            await enrolDialog(student, context);
            changed();
        },
        unenrol: async () => (await unenrolDialog(student)) && changed(),
        archive: async () => (await archiveDialog(student)) && changed(),
        erase: async () => (await eraseDialog(student)) && does.gone(),
    };
    const loadTop = () => loadInto(top, () => get(path('/api/students', id)), (found) => {
        const first = student === null;
        student = found;
        if (first) {
            month = monthCard(student, context, changed);
            history = historyCard(student, context);
            replace(rest, month.node, trendCard(student), history.node);
        }
        return [head(student, context, actions), figures(student.standing), facts(student), consentPart(student, changed), lanePart(student, context, changed)];
    });
    replace(side, top, rest);
    loadTop();

    const soon = throttle(() => {
        loadTop();
        month?.load();
        history?.load();
    }, 1000);
    const ofStudent = (event) => event.detail.student_id === id && soon();
    const changedListen = ({ detail }) => (['students', 'roll', 'calendar'].includes(detail.what) || (detail.what === 'enrolment' && detail.job?.student_id === id)) && soon();
    const listeners = [['mark', ofStudent], ['correction', ofStudent], ['changed', changedListen], ['reset', soon]];
    for (const [name, fn] of listeners) context.live.addEventListener(name, fn);
    return {
        leave: () => {
            for (const [name, fn] of listeners) context.live.removeEventListener(name, fn);
        },
    };
}
