/* Letters to parents whom no message reached: a list to choose from, and the letters themselves, a page each, on paper. */
import { errorText, loadAlerts, studentName } from './admin-alert-parts.js';
import { empty, h, loadInto, person, replace, attempt, button, table, toast } from './ui.js';
import { a } from './admin-strings.js';
import { get, path, post } from './api.js';
import { dateAt, dateText, dateTextLong } from './time.js';

const AT_ONCE = 50;
const LOOK_AT = 500;

const failedParent = (alert) => alert.messages.find((message) => message.recipient === 'parent' && message.state === 'failed');

function letter(alert, school) {
    const parent = failedParent(alert)?.name;
    const name = studentName(alert);
    const earlier = alert.absent - alert.days.length;
    const sign = (who) => h('div', { class: 'sign' }, h('p', {}, who), h('p', { class: 'rule' }), h('p', { class: 'small' }, a.letter.place));
    return h('article', { class: 'letter', data: { alert: alert.id } },
        h('header', {}, h('p', { class: 'letter-school' }, person(school)), h('p', {}, dateTextLong(dateAt()))),
        h('p', { class: 'letter-to' }, parent ? a.letter.to(parent) : a.letter.toParents(name), h('br'), `${name}, ${alert.class_id}`),
        h('h2', {}, a.letter.subject(name)),
        h('p', {}, parent ? a.letter.dear(parent) : a.letter.dearParents),
        h('p', {}, a.letter.text(name, alert.class_id, a.alerts.days(alert.absent))),
        h('ul', {}, alert.days.map((day) => h('li', {}, dateTextLong(day.date))), earlier > 0 && h('li', {}, a.letter.earlier(earlier))),
        h('p', {}, a.letter.ask),
        h('p', { class: 'letter-reason' }, a.letter.reason, h('span', { class: 'rule' })),
        h('footer', {}, sign(a.letter.school), sign(a.letter.parent)));
}

/** Fills place with those who wait for a letter. */
export function lettersView(place, context) {
    const body = h('div', { class: 'stack no-print' });
    const paper = h('div', { class: 'letters print-only' });
    const without = new Set(); // not to be printed
    replace(place, body, paper);

    const draw = (alerts) => {
        const picked = () => alerts.filter((alert) => !without.has(alert.id));
        const print = button('', () => window.print(), { kind: 'primary', data: { keep: 'print' } });
        const drawPaper = () => {
            replace(paper, picked().map((alert) => letter(alert, context.me.school.name)));
            print.textContent = a.alerts.lettersPrint(picked().length);
            print.disabled = picked().length === 0;
        };
        const pick = (alert) => h('input', {
            type: 'checkbox', checked: !without.has(alert.id), 'aria-label': a.alerts.lettersPick(studentName(alert)), data: { keep: `pick-${alert.id}` },
            onchange: (event) => {
                if (event.target.checked) without.delete(alert.id);
                else without.add(alert.id);
                drawPaper();
            },
        });
        const seen = (alert) => button(a.alerts.acknowledge, async (event) => {
            if (!(await attempt(() => post(path('/api/alerts', alert.id, 'acknowledge')), event.currentTarget))) return;
            toast(a.alerts.acknowledged);
            load();
        }, { kind: 'compact', data: { keep: `seen-${alert.id}` } });
        if (alerts.length === 0) {
            replace(paper);
            return empty(a.alerts.lettersNone, a.alerts.lettersNoneText);
        }
        drawPaper();
        return [
            h('p', {}, a.alerts.lettersText),
            h('div', { class: 'row' }, print),
            table({
                caption: a.alerts.view.letters,
                rows: alerts,
                columns: [
                    { title: a.alerts.print, cell: pick },
                    { title: a.alerts.student, head: true, cell: (alert) => [h('a', { href: context.href({ section: 'alerts', id: alert.id }) }, person(studentName(alert))), h('div', { class: 'muted small' }, alert.class_id)] },
                    { title: a.alerts.lastDay, class: 'wide-only', cell: (alert) => dateText(alert.trigger_date) },
                    { title: a.alerts.reason, cell: (alert) => h('span', { class: 'small' }, errorText(failedParent(alert))) },
                    { title: a.actions, hidden: true, class: 'actions', cell: seen },
                ],
            }),
            alerts.length === AT_ONCE && h('p', { class: 'muted small' }, a.alerts.lettersMore),
        ];
    };
    const load = () => loadInto(body, async () => {
        const { items } = await loadAlerts({ state: 'open', message: 'failed' }, LOOK_AT);
        const waiting = items.filter(failedParent).reverse().slice(0, AT_ONCE);
        return Promise.all(waiting.map((alert) => get(path('/api/alerts', alert.id))));
    }, draw);
    load();
    return load;
}
