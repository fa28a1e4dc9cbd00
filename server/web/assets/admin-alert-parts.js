/* What the views of alerts share: how messages and alerts stand, by words and shapes, and what an error means. */
import { a } from './admin-strings.js';
import { get } from './api.js';
import { momentText } from './time.js';
import { h, person } from './ui.js';

const KINDS = { queued: 'none', sending: 'none', sent: 'excused', delivered: 'present', read: 'present', failed: 'absent', cancelled: 'excused', unknown: 'unjudged' };
const TAGS = { open: 'warn', acknowledged: 'good', withdrawn: '', contradicted: 'bad', cancelled: '' };

/** How a message stands. */
export function messageStatus(state) {
    return h('span', { class: `status ${KINDS[state] ?? 'none'}` },
        h('span', { class: 'shape', 'aria-hidden': 'true' }, a.alerts.message_shapes[state] ?? '?'),
        h('span', { class: 'word' }, a.alerts.message_states[state] ?? state));
}

/** An active alert is to be looked at until somebody did. */
export function alertTag(alert) {
    const state = alert.state === 'active' ? (alert.acknowledged ? 'acknowledged' : 'open') : alert.state;
    return h('span', { class: `tag ${TAGS[state] ?? ''}` }, a.alerts.states[state] ?? state);
}

export function studentName(alert) {
    return alert.student || alert.student_id;
}

/** Who wrote STOP gets nothing more: said beside the parent's message. */
export function stoppedTag(alert, message) {
    return message.recipient === 'parent' && alert.parent_stopped && h('span', { class: 'tag warn' }, a.student.stopped(momentText(alert.parent_stopped)));
}

/** Whom a message is for: "Parent" and his name. */
export function recipient(message) {
    return [a.alerts[message.recipient], message.name && [', ', person(message.name)]];
}

/** Parents first. */
export function inOrder(messages) {
    return [...messages].sort((one, other) => Number(other.recipient === 'parent') - Number(one.recipient === 'parent'));
}

/** Why a message failed, waits or was cancelled, in words of ours where we have them. */
export function errorText(message) {
    if (message.error === 'no_address') return message.recipient === 'parent' ? a.alerts.noAddress : a.alerts.noAddressCoordinator;
    const known = a.alerts.errors[message.error_code];
    if (known) return `${known} ${a.alerts.code(message.error_code)}`;
    return [message.error, message.error_code ? a.alerts.code(message.error_code) : ''].filter(Boolean).join(' ');
}

/** Whoever reads that a message is on its way must know whether any can leave: banners about the provider, or nothing. */
export function providerBanners(settings, context) {
    const { provider, trouble, trouble_since: since, needs_admin: admin } = settings.messages;
    const banner = (kind, ...text) => h('div', { class: `banner ${kind}`, role: 'status' }, text);
    return [
        !settings.alerts_enabled && banner('', h('span', { class: 'grow' }, a.alerts.off), context.isAdmin && h('a', { class: 'button compact', href: '#settings' }, a.alerts.toSettings)),
        provider === 'none' && banner('', a.alerts.noProvider),
        provider === 'dry-run' && banner('info', a.alerts.dryRun),
        trouble && banner('bad', h('span', {}, a.alerts.trouble(momentText(since), trouble), admin && ` ${a.alerts.troubleAdmin}`)),
    ].filter(Boolean);
}

/** Alerts of a query, so many as are wanted: { items, next }. */
export async function loadAlerts(query, count) {
    const items = [];
    let next = null;
    do {
        const page = await get('/api/alerts', { ...query, before: next, limit: Math.min(500, count - items.length) });
        items.push(...page.items);
        ({ next } = page);
    } while (next && items.length < count);
    return { items, next };
}
