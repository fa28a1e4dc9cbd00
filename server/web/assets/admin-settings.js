/* Settings and calendar: classes with their times, days without school, messages, consent and cards, and the school itself. */
import { sectionHead } from './admin-parts.js';
import { calendarCard } from './admin-settings-calendar.js';
import { settingsForm } from './admin-settings-form.js';
import { messagesCard } from './admin-settings-messages.js';
import { a } from './admin-strings.js';
import { get, path, put, remove } from './api.js';
import { t } from './strings.js';
import { button, check, confirmDialog, empty, field, formDialog, h, loadInto, person, replace, showErrors, showFailure, table, toast } from './ui.js';

const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']; // the API's words
const weekdayText = (word) => t.weekdays[(WEEKDAYS.indexOf(word) + 1) % 7];

// ---- classes ---------------------------------------------------------------------------------------------------------

function classDialog(one) {
    const input = (name, type, value, more = {}) => h('input', { name, type, value: value ?? '', required: true, autocomplete: 'off', ...more });
    const days = h('fieldset', {}, h('legend', {}, a.classForm.weekdays), h('div', { class: 'checks' }, WEEKDAYS.map((day) =>
        check(weekdayText(day), { name: 'weekdays', value: day, checked: one ? one.weekdays.includes(day) : day !== 'Sun' }))));
    const deleteIt = async (event) => {
        const dialog = event.currentTarget.closest('dialog');
        if (!(await confirmDialog({ title: a.classForm.deleteTitle(one.id), text: a.classForm.deleteText, yes: a.classForm.delete, danger: true }))) return;
        try {
            await remove(path('/api/classes', one.id));
            toast(a.saved);
            dialog.close(); // the list hears of it
        } catch (error) {
            if (error.status === undefined) throw error;
            showFailure(dialog.querySelector('form'), error);
        }
    };
    return formDialog({
        title: one ? a.classForm.editTitle(one.id) : a.classForm.add,
        actions: one ? [button(a.classForm.delete, deleteIt, { kind: 'danger' })] : [],
        body: h('div', { class: 'form-grid' },
            field(a.classForm.id, input('class', 'text', one?.id, { readonly: Boolean(one), maxlength: '63' }), { hint: one ? null : a.classForm.idHint }),
            field(a.classForm.coordinator, input('coordinator', 'text', one?.coordinator, { required: false, maxlength: '120' })),
            field(a.classForm.start, input('start', 'time', one?.start ?? '08:45')),
            field(a.classForm.late, input('late_after_min', 'number', one?.late_after_min ?? 10, { min: '0', max: '1439' }), { hint: a.classForm.lateHint }),
            field(a.classForm.close, input('close_after_min', 'number', one?.close_after_min ?? 45, { min: '1', max: '1439' }), { hint: a.classForm.closeHint }),
            h('div', { class: 'full' }, days)),
        submit: async (form, close) => {
            const value = (name) => form.elements[name].value.trim();
            const weekdays = [...form.querySelectorAll('input[name=weekdays]:checked')].map((node) => node.value);
            if (weekdays.length === 0) return showErrors(form, { '': a.classForm.noDay });
            if (Number(value('late_after_min')) > Number(value('close_after_min'))) return showErrors(form, { late_after_min: a.classForm.lateBad });
            const body = { coordinator: value('coordinator'), start: value('start').slice(0, 5), late_after_min: Number(value('late_after_min')), close_after_min: Number(value('close_after_min')), weekdays };
            const answer = await put(path('/api/classes', value('class')), body);
            toast(a.saved);
            return close(answer);
        },
    });
}

function classesCard(context) {
    const body = h('div', {});
    const load = () => loadInto(body, () => get('/api/classes'), ({ items }) => items.length === 0 ? empty(a.todayPage.noClasses, a.classForm.none) : table({
        caption: a.classes,
        rows: items,
        columns: [
            { title: a.class, head: true, cell: (one) => one.id },
            { title: a.classForm.coordinator, class: 'wide-only', cell: (one) => person(one.coordinator) },
            { title: a.classForm.start, cell: (one) => one.start },
            { title: a.classForm.late, class: 'number wide-only', cell: (one) => a.minutes(one.late_after_min) },
            { title: a.classForm.close, class: 'number wide-only', cell: (one) => a.minutes(one.close_after_min) },
            { title: a.classForm.weekdays, class: 'wide-only', cell: (one) => one.weekdays.map(weekdayText).join(' ') },
            { title: a.nav.students, class: 'number', cell: (one) => String(one.students) },
            { title: a.actions, hidden: true, class: 'actions', cell: (one) =>
                button(a.student.edit, async () => {
                    await classDialog(one);
                    load();
                }, { kind: 'compact', 'aria-label': a.classForm.editOf(one.id), data: { keep: one.id } }) },
        ],
    }));
    load();
    context.onChanged(['classes'], () => !body.contains(document.activeElement) && load());
    return h('section', { class: 'card', 'aria-labelledby': 'classes-title' },
        h('div', { class: 'card-head' }, h('h2', { id: 'classes-title' }, a.classes), button(a.classForm.add, async () => (await classDialog(null)) && load(), { kind: 'primary compact' })), body);
}

// ---- consent and cards, the school ------------------------------------------------------------------------------------------------------

const input = (found, name, type, more = {}) => h('input', { name, type, value: found[name] ?? '', autocomplete: 'off', ...more });

function schoolForm(found) {
    const restart = h('div', { class: 'banner', role: 'status', hidden: !found.restart_needed }, a.school.restart);
    return settingsForm({
        found,
        text: a.school.save,
        body: [
            restart,
            h('div', { class: 'form-grid' },
                field(a.school.name, input(found, 'school_name', 'text', { maxlength: '120' })),
                field(a.school.timezone, input(found, 'timezone', 'text', { maxlength: '60', required: true, spellcheck: 'false' }), { hint: a.school.timezoneHint }),
                field(a.school.coverage, input(found, 'coverage_percent', 'number', { min: '1', max: '100', required: true }), { hint: a.school.coverageHint }),
                field(a.school.points, input(found, 'points', 'text', { maxlength: '159', required: true, spellcheck: 'false' }), { hint: a.school.pointsHint, class: 'full' }),
                h('div', { class: 'full' }, check(a.school.leaderboard, { name: 'leaderboard', checked: found.leaderboard })))],
        read: (value, form) => ({ school_name: value('school_name'), timezone: value('timezone'), coverage_percent: Number(value('coverage_percent')), points: value('points'), leaderboard: form.elements.leaderboard.checked }),
        saved: (now) => { restart.hidden = !now.restart_needed; },
    });
}

function lanesForm(found) {
    return settingsForm({
        found,
        text: a.lanes.save,
        body: [
            h('div', { class: 'stack tight' },
                check(a.lanes.required, { name: 'consent_required', checked: found.consent_required }),
                check(a.lanes.cardForAll, { name: 'card_for_all', checked: found.card_for_all }),
                h('p', { class: 'muted small' }, a.lanes.cardForAllHint)),
            h('div', { class: 'form-grid' }, field(a.lanes.version, input(found, 'consent_text_version', 'text', { maxlength: '31', spellcheck: 'false' }), { hint: a.lanes.versionHint }))],
        read: (value, form) => ({ consent_required: form.elements.consent_required.checked, card_for_all: form.elements.card_for_all.checked, consent_text_version: value('consent_text_version') }),
    });
}

function formCard(id, title, form) {
    const body = h('div', {});
    loadInto(body, () => get('/api/settings'), form);
    return h('section', { class: 'card', 'aria-labelledby': id }, h('h2', { id }, title), body);
}

function show(place, context) {
    replace(place, sectionHead(a.nav.settings), h('div', { class: 'stack' }, classesCard(context), calendarCard(context), messagesCard(), formCard('lanes-title', a.lanes.title, lanesForm), formCard('school-title', a.school.title, schoolForm)));
}

export const settings = { id: 'settings', admin: true, show };
