/* Dialogs that change a student: add and edit, archive, take the face out, erase. */
import { a } from './admin-strings.js';
import { patch, path, post, remove } from './api.js';
import { t } from './strings.js';
import { dateAt } from './time.js';
import { field, formDialog, h, person, select, showErrors, toast } from './ui.js';

/** Adds, or edits where there is a student. Resolves with the student, null when cancelled. */
export function studentDialog({ student = null, classes }) {
    const text = (name, value, more = {}) => h('input', { type: 'text', name, value: value ?? '', autocomplete: 'off', maxlength: '120', ...more });
    const is = student ?? {};
    const classPick = select('class_id', classes.map((one) => one.id), { value: is.class_id, required: true });
    const fields = [
        field(a.student.fields.id, text('id', is.id, { required: true, readonly: Boolean(student), maxlength: '63' }), { hint: student ? null : a.student.fields.idHint }),
        field(a.student.fields.name, text('name', is.name, { required: true, autofocus: Boolean(student) })),
        field(a.class, classPick),
        field(a.rollNumber, text('roll_number', is.roll_number, { maxlength: '15' })),
        field(a.student.fields.joined, h('input', { type: 'date', name: 'joined', value: is.joined ?? dateAt() }), { hint: a.student.fields.joinedHint }),
        field(a.student.parent, text('parent_name', is.parent_name)),
        field(a.student.phone, text('parent_phone', is.parent_phone, { type: 'tel', maxlength: '31' }), { hint: a.student.fields.phoneHint }),
        field(a.student.fields.email, text('parent_email', is.parent_email, { type: 'email', maxlength: '254' })),
        field(a.student.note, h('textarea', { name: 'note', maxlength: '250', value: is.note ?? '' }), { class: 'full' }),
    ];
    return formDialog({
        title: student ? a.student.editTitle : a.students.add,
        wide: true,
        body: classes.length === 0 ? h('p', {}, a.student.noClasses) : h('div', { class: 'form-grid' }, fields),
        submitText: classes.length === 0 ? null : t.save,
        submit: async (form, close) => {
            const value = (name) => form.elements[name].value.trim();
            const body = { name: value('name'), class_id: value('class_id'), roll_number: value('roll_number'), parent_name: value('parent_name'), parent_phone: value('parent_phone'), parent_email: value('parent_email'), note: value('note') };
            if (value('joined')) body.joined = value('joined');
            const answer = student ? await patch(path('/api/students', student.id), body) : await post('/api/students', { id: value('id'), ...body });
            toast(a.saved);
            close(answer);
        },
    });
}

/** Archives, or brings back. */
export async function archiveDialog(student) {
    const back = student.archived;
    return formDialog({
        title: back ? a.archive.backTitle(student.name) : a.archive.title(student.name),
        body: h('p', {}, back ? a.archive.backText : a.archive.text),
        submitText: back ? a.student.restore : a.student.archive,
        submit: async (form, close) => {
            await patch(path('/api/students', student.id), { archived: !back });
            toast(a.saved);
            close(true);
        },
    });
}

export function unenrolDialog(student) {
    return formDialog({
        title: a.unenrol.title(student.name),
        body: h('p', {}, a.unenrol.text),
        submitText: a.student.unenrol,
        danger: true,
        submit: async (form, close) => {
            await remove(path('/api/students', student.id, 'templates'));
            toast(a.unenrol.done);
            close(true);
        },
    });
}

/** Only after the student's number was typed. */
export function eraseDialog(student) {
    const typed = h('input', { type: 'text', name: 'confirm', required: true, autocomplete: 'off', spellcheck: 'false' });
    return formDialog({
        title: a.erase.title,
        danger: true,
        body: [
            h('p', {}, h('strong', {}, person(student.name)), ` · ${student.class_id}`),
            h('p', {}, a.erase.text),
            field(a.erase.type(student.id), typed),
        ],
        submitText: a.erase.go,
        submit: async (form, close) => {
            if (typed.value.trim() !== student.id) return showErrors(form, { confirm: a.erase.differs(student.id) });
            await remove(path('/api/students', student.id), { confirm: student.id });
            toast(a.erase.done);
            close(true);
        },
    });
}
