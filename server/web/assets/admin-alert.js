/* The panel of one alert: why, whom it is told and how that went step by step, what people did, and what one can do. */
import { alertTag, errorText, inOrder, messageStatus, recipient, studentName } from './admin-alert-parts.js';
import { throttle } from './admin-parts.js';
import { a } from './admin-strings.js';
import { get, path, post } from './api.js';
import { addDays, dateText, dayOf, momentText, timeOf } from './time.js';
import { attempt, button, field, formDialog, h, loadInto, person, replace, toast } from './ui.js';

function cancelDialog(alert) {
    const reason = h('input', { type: 'text', name: 'reason', required: true, maxlength: '200', autocomplete: 'off' });
    return formDialog({
        title: a.alerts.cancelTitle,
        body: [h('p', {}, h('strong', {}, person(studentName(alert))), ` · ${alert.class_id}`), h('p', {}, a.alerts.cancelText), field(a.alerts.cancelReason, reason, { hint: a.alerts.cancelHint })],
        submitText: a.alerts.cancelGo,
        danger: true,
        submit: async (form, close) => {
            close(await post(path('/api/alerts', alert.id, 'cancel'), { reason: reason.value.trim() }));
            toast(a.alerts.cancelled);
        },
    });
}

function head(alert, context, does) {
    const some = (...states) => alert.messages.some((message) => states.includes(message.state));
    const active = alert.state === 'active';
    const letter = active && alert.messages.some((message) => message.recipient === 'parent' && message.state === 'failed');
    return h('div', { class: 'stack tight' },
        h('div', { class: 'row between' }, h('h2', { tabindex: '-1' }, h('a', { href: context.href({ section: 'students', id: alert.student_id }) }, person(studentName(alert)))),
            button('✕', does.close, { data: { keep: 'close' }, kind: 'quiet compact', 'aria-label': a.alerts.close })),
        h('p', {}, a.alerts.headline(a.alerts.days(alert.absent), dateText(alert.first_date), dateText(alert.trigger_date)), ' · ', alert.class_id),
        h('p', { class: 'row' }, alertTag(alert), h('span', { class: 'muted small' }, a.alerts.made(momentText(alert.created)))),
        alert.repeat && h('p', { class: 'muted small' }, a.alerts.repeat),
        alert.state === 'contradicted' && h('div', { class: 'banner bad' }, h('span', {}, h('strong', {}, `${a.alerts.wrong} `), wrongReason(alert), ' ', a.alerts.wrongWhat)),
        h('div', { class: 'row panel-actions no-print' },
            !alert.acknowledged && button(a.alerts.acknowledge, (event) => does.act('acknowledge', a.alerts.acknowledged, event), { kind: 'compact primary', data: { keep: 'acknowledge' } }),
            active && some('failed') && button(a.alerts.retry, (event) => does.act('retry', a.alerts.retried, event), { kind: 'compact', data: { keep: 'retry' } }),
            letter && h('a', { class: 'button compact', href: context.href({ section: 'alerts', query: { view: 'letters' } }) }, a.alerts.letter),
            active && some('queued') && button(a.alerts.cancel, does.cancel, { kind: 'compact danger', data: { keep: 'cancel' } })));
}

function wrongReason(alert) {
    const note = alert.history.filter((one) => one.what === 'contradicted').at(-1);
    return note?.reason ? `${note.reason}.` : '';
}

function why(alert, context) {
    const evidence = (day) => (day.closed_by ? a.alerts.closedBy(day.closed_by, momentText(day.closed_at)) : a.alerts.closedItself(day.able_min, day.window_min));
    const earlier = alert.absent - alert.days.length;
    return h('section', { class: 'stack tight' }, h('h3', {}, a.alerts.why), h('p', { class: 'muted small' }, a.alerts.whyDays),
        h('ol', { class: 'plain lines' },
            earlier > 0 && h('li', { class: 'muted' }, a.alerts.earlier(earlier)),
            alert.days.map((day) => h('li', {},
                h('a', { href: context.href({ section: 'rolls', query: { class: day.class_id, date: day.date } }) }, `${day.class_id}, ${dateText(day.date)}`), h('span', { class: 'muted small' }, evidence(day))))));
}

/** When a message goes out that may not before its next try, nor outside of the hours in which messages leave. */
function leavesAt(instant, { send_from: from, send_to: to }) {
    const [day, time] = [dayOf(instant), timeOf(instant)];
    if (time >= from && time < to) return momentText(instant);
    return momentText(`${time < from ? day : addDays(day, 1)}T${from}`);
}

function messageView(message, hours, does) {
    const address = message.phone || message.email;
    return h('li', { class: 'message stack tight' },
        h('div', { class: 'row between' }, h('strong', {}, recipient(message)), h('span', { class: 'muted small' }, [address, a.alerts.byProvider[message.provider] ?? message.provider].filter(Boolean).join(' · '))),
        h('p', { class: 'row' }, messageStatus(message.state), h('span', { class: 'muted small' }, [momentText(message.since), message.tries > 1 && a.alerts.tries(message.tries)].filter(Boolean).join(' · '))),
        message.next_try && h('p', { class: 'muted small' }, a.alerts.nextTry(leavesAt(message.next_try, hours))),
        (message.error || message.error_code !== 0) && h('p', { class: 'small' }, errorText(message)),
        message.state === 'unknown' && h('div', { class: 'stack tight no-print' }, h('p', { class: 'small' }, a.alerts.unknownText), h('div', { class: 'row' },
            button(a.alerts.wasSent, (event) => does.resolve(message, true, event), { kind: 'compact', data: { keep: `was-${message.id}` } }),
            button(a.alerts.sendAgain, (event) => does.resolve(message, false, event), { kind: 'compact', data: { keep: `again-${message.id}` } }))),
        message.steps.length > 1 && h('details', {}, h('summary', { class: 'small', data: { keep: `steps-${message.id}` } }, a.alerts.steps), h('ol', { class: 'plain lines small' },
            message.steps.map((step) => h('li', {}, messageStatus(step.state), h('span', { class: 'muted' }, momentText(step.at)))))));
}

function messages(alert, hours, does) {
    return h('section', { class: 'stack tight' }, h('h3', {}, a.alerts.messages),
        alert.messages.length === 0 ? h('p', { class: 'muted' }, a.alerts.noMessages) : h('ul', { class: 'plain messages' }, inOrder(alert.messages).map((message) => messageView(message, hours, does))));
}

function history(alert) {
    return h('section', { class: 'stack tight' }, h('h3', {}, a.alerts.history), h('ol', { class: 'plain lines' }, alert.history.map((note) =>
        h('li', {}, h('span', {}, a.alerts.words[note.what] ?? note.what, ', ', note.by ? person(note.by) : a.alerts.server, note.reason && [': ', person(note.reason)]),
            h('span', { class: 'muted small' }, momentText(note.at))))));
}

/** Fills side with the alert; does: { close, changed }. Returns { leave }. */
export function alertPanel(side, context, id, does) {
    const body = h('div', { class: 'stack' });
    replace(side, body);
    const address = path('/api/alerts', id);
    let opened = new Set(); // messages whose steps are open
    const draw = ([alert, hours]) => {
        opened = new Set([...body.querySelectorAll('details[open] > summary')].map((node) => node.dataset.keep));
        const nodes = [head(alert, context, actions(alert)), why(alert, context), messages(alert, hours, actions(alert)), history(alert)];
        for (const node of nodes) for (const summary of node.querySelectorAll('summary')) summary.parentNode.open = opened.has(summary.dataset.keep);
        return nodes;
    };
    const load = () => loadInto(body, () => Promise.all([get(address), get('/api/settings')]), draw);
    const done = (text) => {
        toast(text);
        load();
        does.changed();
    };
    const actions = (alert) => ({
        close: does.close,
        act: async (what, text, event) => (await attempt(() => post(path('/api/alerts', id, what)), event.currentTarget)) ? done(text) : load(),
        resolve: async (message, sent, event) => (await attempt(() => post(path('/api/alerts', id, 'messages', message.id, 'resolve'), { was_sent: sent }), event.currentTarget)) ? done(a.alerts.resolved) : load(),
        cancel: async () => {
            if (await cancelDialog(alert)) {
                load();
                does.changed();
            }
        },
    });
    load();
    const soon = throttle(load, 1000);
    const listen = ({ detail }) => ['alerts', 'roll', 'students'].includes(detail.what) && soon();
    context.live.addEventListener('changed', listen);
    context.live.addEventListener('reset', soon);
    return {
        leave: () => {
            context.live.removeEventListener('changed', listen);
            context.live.removeEventListener('reset', soon);
        },
    };
}
