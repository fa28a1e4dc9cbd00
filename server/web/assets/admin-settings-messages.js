/* The card of the settings page about alerts and messages: the rule's numbers, the hours, the provider, a test. */
import { settingsForm } from './admin-settings-form.js';
import { a } from './admin-strings.js';
import { get, post } from './api.js';
import { momentText } from './time.js';
import { busyWith, check, clearErrors, field, h, loadInto, missing, showErrors, showFailure, table } from './ui.js';

function ruleForm(found) {
    const input = (name, type, more = {}) => h('input', { name, type, value: String(found[name] ?? ''), required: true, autocomplete: 'off', ...more });
    return settingsForm({
        found,
        text: a.messages.save,
        body: [
            h('div', {}, check(a.messages.enabled, { name: 'alerts_enabled', checked: found.alerts_enabled })),
            h('div', { class: 'form-grid' },
                field(a.messages.days, input('alert_days', 'number', { min: '2', max: '30' })),
                field(a.messages.repeat, input('alert_repeat_days', 'number', { min: '1', max: '60' })),
                field(a.messages.from, input('send_from', 'time')),
                field(a.messages.to, input('send_to', 'time')),
                field(a.messages.country, input('phone_country', 'text', { inputmode: 'numeric', maxlength: '3' }), { hint: a.messages.countryHint }))],
        read: (value, form) => ({
            alerts_enabled: form.elements.alerts_enabled.checked, alert_days: Number(value('alert_days')), alert_repeat_days: Number(value('alert_repeat_days')),
            send_from: value('send_from').slice(0, 5), send_to: value('send_to').slice(0, 5), phone_country: value('phone_country').replace(/^\+/, ''),
        }),
    });
}

/** Which approved text stands for which message: a refusal of WhatsApp names them. */
function templateList(templates) {
    return templates.length > 0 && h('details', {}, h('summary', {}, a.messages.templates),
        table({
            caption: a.messages.templates,
            rows: templates,
            columns: [
                { title: a.messages.templateFor, head: true, cell: (one) => a.messages.letters[one.kind] ?? one.kind },
                { title: a.messages.template, cell: (one) => h('span', { class: 'mono' }, one.name) },
                { title: a.messages.language, cell: (one) => h('span', { class: 'mono' }, one.language) },
            ],
        }),
        h('p', { class: 'muted small' }, a.messages.templatesText));
}

function provider({ messages }) {
    const { provider: name, trouble, trouble_since: since, trouble_code: code, needs_admin: admin } = messages;
    return h('div', { class: 'stack tight' },
        h('p', {}, `${a.messages.provider}: `, h('strong', {}, a.messages.providers[name] ?? name), name !== 'none' && !trouble && h('span', { class: 'muted' }, ` · ${a.messages.fine}`)),
        name === 'none' && h('div', { class: 'banner' }, a.messages.none),
        trouble && h('div', { class: 'banner bad' }, h('span', {}, a.alerts.trouble(momentText(since), trouble), code ? ` ${a.alerts.code(code)}` : '', admin && ` ${a.alerts.troubleAdmin}`)),
        templateList(messages.templates));
}

function testForm(found) {
    if (found.messages.provider === 'none') return null;
    const to = h('input', { type: 'text', name: 'phone', required: true, autocomplete: 'off', maxlength: '254' });
    const go = h('button', { type: 'submit' }, a.messages.testGo);
    const said = h('p', { role: 'status' });
    const form = h('form', { class: 'stack tight', novalidate: true }, h('h3', {}, a.messages.test), h('div', { class: 'toolbar' }, field(a.messages.testTo, to, { class: 'search' }), go), said);
    form.addEventListener('submit', async (event) => {
        event.preventDefault();
        clearErrors(form);
        const errors = missing(form);
        if (Object.keys(errors).length > 0) return showErrors(form, errors);
        said.textContent = '';
        await busyWith(go, async () => {
            try {
                const answer = await post('/api/settings/test-message', { phone: to.value.trim() }, { timeoutMs: 90000 });
                const known = a.alerts.errors[answer.code];
                said.textContent = answer.outcome === 'sent' ? a.messages.outcomes.sent : a.messages.said(a.messages.outcomes[answer.outcome], known ?? answer.message, answer.code);
            } catch (error) {
                if (error.status === undefined) throw error;
                showFailure(form, error);
            }
        });
    });
    return form;
}

export function messagesCard() {
    const body = h('div', { class: 'stack' });
    loadInto(body, () => get('/api/settings'), (found) => [provider(found), ruleForm(found), testForm(found)].filter(Boolean));
    return h('section', { class: 'card', 'aria-labelledby': 'messages-title' }, h('h2', { id: 'messages-title' }, a.messages.title), body);
}
