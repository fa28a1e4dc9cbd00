/* Import of students and classes from CSV files or a OneRoster set: tried first, then done when it is free of errors. */
import { a } from './admin-strings.js';
import { post } from './api.js';
import { confirmDialog, field, formDialog, h, person, replace, table, toast } from './ui.js';

const BYTES_MAX = 4 * 1024 * 1024 - 64 * 1024; // the server's limit, less what JSON adds
const PROBLEMS_SHOWN = 200;
const SLOW_MS = 120000;

async function readAll(list) {
    const files = await Promise.all([...list].map(async (file) => ({ name: file.name, text: await file.text() })));
    const size = files.reduce((sum, file) => sum + JSON.stringify(file).length, 0);
    return { files, tooLarge: size > BYTES_MAX, notUtf8: files.filter((file) => file.text.includes('�')).map((file) => file.name) };
}

function outcome(answer) {
    const row = (word, counts) => ({ word, added: 0, changed: 0, removed: 0, unchanged: 0, ...counts });
    return [
        table({
            caption: a.import.outcome,
            rows: [row(a.import.classes, answer.classes), row(a.import.students, answer.students)],
            columns: [
                { title: a.import.what, head: true, cell: (one) => one.word },
                ...['added', 'changed', 'removed', 'unchanged'].map((name) => ({ title: a.import[name], class: 'number', cell: (one) => String(one[name]) })),
            ],
        }),
        noteList(answer.notes),
    ];
}

function noteList(notes) {
    return notes?.length > 0 && h('ul', {}, notes.map((note) => h('li', {}, person(note))));
}

function problemTable({ problems, notes }) {
    return [
        h('p', { class: 'banner bad', role: 'alert' }, a.import.problems(problems.length)),
        table({
            caption: a.import.problemList,
            rows: problems.slice(0, PROBLEMS_SHOWN),
            columns: [
                { title: a.import.file, head: true, cell: (one) => person(one.file) },
                { title: a.import.line, class: 'number', cell: (one) => (one.line ? String(one.line) : '') },
                { title: a.import.message, cell: (one) => person(one.message) },
            ],
        }),
        problems.length > PROBLEMS_SHOWN && h('p', { class: 'muted' }, a.import.moreProblems(problems.length - PROBLEMS_SHOWN)),
        noteList(notes),
    ];
}

const send = (files, more = {}) => post('/api/students/import', { files, ...more }, { timeoutMs: SLOW_MS });

/** The answer; null: many students would leave, and that was not meant. */
async function importAll(files, leaving) {
    try {
        return await send(files);
    } catch (error) {
        if (error.code !== 'too_many_removals') throw error;
    }
    const meant = await confirmDialog({ title: a.import.manyLeave(leaving), text: a.import.manyLeaveText, yes: a.import.manyLeaveGo, danger: true });
    return meant ? send(files, { allow_removals: true }) : null;
}

/** Resolves with true when something was imported. */
export function importDialog() {
    const input = h('input', { type: 'file', name: 'files', multiple: true, accept: '.csv,text/csv', required: true });
    const view = h('div', { class: 'stack', role: 'status' });
    let ready = null; // files that were tried without problems
    let leaving = 0; // students, by that trial

    const offer = (possible) => { input.form.querySelector('[type=submit]').disabled = !possible; };
    const refuse = (...words) => {
        offer(false); // until other files are chosen
        input.focus();
        replace(view, words);
    };
    const trial = async () => {
        ready = null;
        offer(true);
        if (input.files.length === 0) return replace(view);
        const { files, tooLarge, notUtf8 } = await readAll(input.files);
        if (tooLarge) return refuse(h('p', { class: 'banner bad', role: 'alert' }, a.import.tooLarge));
        if (notUtf8.length > 0) return refuse(h('p', { class: 'banner bad', role: 'alert' }, a.import.notUtf8(notUtf8.join(', '))));
        replace(view, h('p', { class: 'muted' }, a.import.trying));
        try {
            const answer = await post('/api/students/import?dry_run=1', { files, allow_removals: true }, { timeoutMs: SLOW_MS });
            if (answer.problems.length > 0) return refuse(problemTable(answer));
            ready = files;
            leaving = answer.students.removed ?? 0;
            replace(view, h('p', { class: 'banner good' }, a.import.fine), outcome(answer));
        } catch (error) {
            if (error.status === undefined) throw error;
            replace(view, h('p', { class: 'banner bad', role: 'alert' }, error.message)); // pressing Import tries once more
        }
    };
    input.addEventListener('change', trial);

    return formDialog({
        title: a.students.import,
        wide: true,
        body: [h('p', {}, a.import.text), field(a.import.choose, input, { hint: a.import.hint }), view],
        submitText: a.import.go,
        submit: async (form, close) => {
            if (!ready) {
                await trial();
                if (!ready) return;
            }
            const answer = await importAll(ready, leaving);
            if (!answer) return;
            toast(a.import.done(answer.students.added + answer.students.changed + (answer.students.removed ?? 0)));
            close(true);
        },
    });
}
