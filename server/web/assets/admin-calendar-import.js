/* Import of the calendar from a CSV or iCalendar file: tried first, then done when it is free of errors. */
import { classSelect } from './admin-parts.js';
import { a } from './admin-strings.js';
import { post } from './api.js';
import { dateText } from './time.js';
import { field, formDialog, h, person, replace, table, toast } from './ui.js';

const BYTES_MAX = 2 * 1024 * 1024; // the server's limit
const CHANGES_SHOWN = 200;
const SLOW_MS = 120000;
const words = a.calendar.import;

const bad = (...nodes) => h('p', { class: 'banner bad', role: 'alert' }, nodes);

/** Remarks by line, of which the server sends the first and counts all. */
function remarks(caption, list, count) {
    return count > 0 && [
        table({
            caption,
            rows: list,
            columns: [
                { title: a.import.line, head: true, class: 'number', cell: (one) => (one.line ? String(one.line) : '') },
                { title: caption, cell: (one) => person(one.message) },
            ],
        }),
        count > list.length && h('p', { class: 'muted' }, a.import.moreProblems(count - list.length)),
    ];
}

function outcome(answer) {
    const { changes } = answer;
    return [
        changes.length > 0 ? h('p', { class: 'banner good' }, words.fine(answer.added, answer.changed)) : h('p', { class: 'banner' }, words.nothing),
        changes.length > 0 && table({
            caption: a.import.outcome,
            rows: changes.slice(0, CHANGES_SHOWN),
            columns: [
                { title: a.day, head: true, cell: (one) => dateText(one.date) },
                { title: a.calendar.label, cell: (one) => [person(one.label), h('div', { class: 'muted small' }, one.kind === 'short' ? a.calendar.short : a.calendar.closed)] },
                { title: a.class, cell: (one) => one.class_id || a.allClasses },
                { title: a.import.what, cell: (one) => words[one.change] },
            ],
        }),
        changes.length > CHANGES_SHOWN && h('p', { class: 'muted' }, a.import.moreProblems(changes.length - CHANGES_SHOWN)),
        remarks(words.notes, answer.notes, answer.note_count),
    ];
}

/** A place on which a file can be dropped for an input. */
function dropPlace(input, ...children) {
    const place = h('div', { class: 'drop-place' }, children);
    place.addEventListener('dragover', (event) => event.preventDefault());
    place.addEventListener('drop', (event) => {
        event.preventDefault();
        if (event.dataTransfer.files.length !== 1) return;
        input.files = event.dataTransfer.files;
        input.dispatchEvent(new Event('change', { bubbles: true }));
    });
    return place;
}

/** Resolves with true when something was imported. */
export function calendarImportDialog(classes) {
    const input = h('input', { type: 'file', name: 'text', accept: '.csv,.ics,text/csv,text/calendar', required: true });
    const pick = classSelect(classes, '', () => trial());
    const view = h('div', { class: 'stack', role: 'status' });
    let ready = null; // what was tried without problems
    let turn = 0;

    const offer = (possible) => { input.form.querySelector('[type=submit]').disabled = !possible; };
    const refuse = (...nodes) => {
        offer(false); // until another file is chosen
        replace(view, nodes);
    };
    const trial = async () => {
        const mine = ++turn;
        ready = null;
        offer(true);
        const [file] = input.files;
        if (!file) return replace(view);
        if (file.size > BYTES_MAX) return refuse(bad(words.tooLarge));
        replace(view, h('p', { class: 'muted' }, a.import.trying));
        try {
            const said = { text: await file.text(), class: pick.value || null };
            if (said.text.includes('�')) return refuse(bad(a.import.notUtf8(file.name)));
            const answer = await post('/api/calendar/import', { ...said, dry_run: true }, { timeoutMs: SLOW_MS });
            if (mine !== turn) return; // another was chosen meanwhile
            if (answer.problem_count > 0) return refuse(bad(a.import.problems(answer.problem_count)), remarks(a.import.message, answer.problems, answer.problem_count));
            if (answer.changes.length > 0) ready = said;
            offer(Boolean(ready));
            replace(view, outcome(answer));
        } catch (error) {
            if (error.status === undefined) throw error;
            if (mine === turn) replace(view, bad(error.message)); // pressing Import tries once more
        }
    };
    input.addEventListener('change', trial);

    return formDialog({
        title: words.title,
        wide: true,
        body: [
            h('p', {}, words.text),
            dropPlace(input, field(words.choose, input, { hint: words.hint })),
            field(words.class, pick),
            view,
        ],
        submitText: a.import.go,
        submit: async (form, close) => {
            if (!ready) {
                await trial();
                if (!ready) return;
            }
            const answer = await post('/api/calendar/import', ready, { timeoutMs: SLOW_MS });
            toast(words.done(answer.added, answer.changed));
            close(true);
        },
    });
}
