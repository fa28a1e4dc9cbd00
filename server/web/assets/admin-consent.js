/* Consent: how it stands for one student, what was said and by whom, and the dialogs that note another word, of one or of many. */
import { a } from './admin-strings.js';
import { getAll, path, post } from './api.js';
import { dateText, momentText } from './time.js';
import { button, check, field, formDialog, h, person, select, showErrors, tag, toast } from './ui.js';

const MANY_MAX = 500; // of one request

/** Who said it: a parent by name, or the student himself. */
function whoFields(student) {
    const by = h('input', { type: 'text', name: 'by', required: true, maxlength: '120', autocomplete: 'off', value: student?.parent_name ?? '' });
    const version = h('input', { type: 'text', name: 'text_version', maxlength: '31', autocomplete: 'off' });
    const note = h('textarea', { name: 'note', maxlength: '250' });
    return [field(a.consent.by, by, { hint: a.consent.byHint }), field(a.consent.version, version, { hint: a.consent.versionHint }), field(a.consent.note, note, { hint: a.consent.noteHint, class: 'full' })];
}

function wordOf(form, state) {
    const value = (name) => form.elements[name].value.trim();
    const word = { state, by: value('by') };
    if (value('text_version')) word.text_version = value('text_version');
    if (value('note')) word.note = value('note');
    return word;
}

/** state: given, refused or withdrawn. Resolves with true when it was noted. */
export function consentDialog(student, state) {
    const takes = state !== 'given';
    return formDialog({
        title: a.consent.titles[state](student.name),
        danger: takes && student.enrolled,
        body: [
            h('p', {}, h('strong', {}, person(student.name)), ` · ${student.class_id}`),
            h('p', {}, takes ? (student.enrolled ? a.consent.shreds : a.consent.noFace) : a.consent.allows),
            takes && h('p', { class: 'muted' }, a.consent.goesOn),
            h('div', { class: 'form-grid' }, whoFields(student)),
        ],
        submitText: a.consent.go[state],
        submit: async (form, close) => {
            await post(path('/api/students', student.id, 'consent'), wordOf(form, state));
            toast(a.consent.done[state]);
            close(true);
        },
    });
}

const TAGS = { given: 'good', refused: 'bad', withdrawn: 'warn', none: 'warn' };

function historyLine(word) {
    return h('li', {}, tag(a.consent.states[word.state], TAGS[word.state]), ' ', a.consent.said, ' ', person(word.by), `, ${momentText(word.at)}`,
        word.text_version && `, ${a.consent.text(word.text_version)}`,
        word.recorded_by && word.recorded_by !== word.by && [`, ${a.consent.recordedBy} `, person(word.recorded_by)],
        word.note && [': ', person(word.note)]);
}

/** The part of a student's panel; changed() is called after another word. */
export function consentPart(student, changed) {
    const say = (state) => async () => (await consentDialog(student, state)) && changed();
    const [last, ...before] = [...student.consent_history].reverse();
    const act = (state, text, kind = 'compact') => button(text, say(state), { kind, data: { keep: `consent-${state}` } });
    return h('section', { class: 'stack tight', 'aria-labelledby': 'consent-title' },
        h('h3', { id: 'consent-title' }, a.consent.title),
        last ? h('ul', { class: 'plain' }, historyLine(last)) : h('p', {}, tag(a.consent.states.none, TAGS.none), ' ', a.consent.nobodyAsked),
        before.length > 0 && h('details', {}, h('summary', {}, a.consent.before(before.length)), h('ol', { class: 'plain' }, before.map(historyLine))),
        !student.archived && h('div', { class: 'row' },
            student.consent !== 'given' && act('given', a.consent.give, student.consent === 'none' ? 'compact primary' : 'compact'),
            student.consent === 'given' ? act('withdrawn', a.consent.withdraw) : student.consent === 'none' && act('refused', a.consent.refuse)));
}

/** Whoever of a class was not asked yet, with a tick each; notes consent for those that stay ticked. */
export async function classConsentDialog(classes, classId) {
    const list = h('ul', { class: 'plain names-to-tick' });
    const count = h('p', { role: 'status' });
    let students = [];
    const ticked = () => [...list.querySelectorAll('input:checked')].map((box) => box.value);
    const tell = () => { count.textContent = students.length === 0 ? a.consent.allAsked : a.consent.chosen(ticked().length, students.length); };
    const load = async (id) => {
        const { items } = await getAll('/api/students', { class: id }, MANY_MAX);
        students = items.filter((one) => one.consent === 'none');
        list.replaceChildren(...students.map((one) => h('li', {}, check(person(one.name), { value: one.id, checked: true }))));
        tell();
    };
    const pick = select('class_id', classes.map((one) => one.id), { value: classId || classes[0].id });
    pick.addEventListener('change', () => load(pick.value));
    list.addEventListener('change', tell);
    await load(pick.value);
    return formDialog({
        title: a.consent.manyTitle,
        wide: true,
        body: [
            h('p', {}, a.consent.manyText),
            h('div', { class: 'form-grid' }, field(a.class, pick), whoFields(null)),
            h('fieldset', { class: 'stack tight' }, h('legend', {}, a.consent.manyOf), count, list),
        ],
        submitText: a.consent.manyGo,
        submit: async (form, close) => {
            const chosen = ticked();
            if (chosen.length === 0) return showErrors(form, { '': a.consent.nobodyChosen });
            const { changed } = await post('/api/consents', { ...wordOf(form, 'given'), students: chosen });
            toast(a.consent.manyDone(changed));
            close(true);
        },
    });
}

/** Before a photo is taken: why no face may be kept yet, or null. */
export function consentMissing(student, required) {
    if (student.consent === 'refused' || student.consent === 'withdrawn') return a.consent.missing[student.consent](dateText(student.consent_at.slice(0, 10)));
    return student.consent === 'none' && required ? a.consent.missing.none : null;
}
