/*
 * Building the page. Data becomes text nodes and properties, never markup, here and everywhere else: no string is ever
 * parsed as HTML, so a name that looks like HTML is only an odd name.
 */
import { t } from './strings.js';

const SVG = 'http://www.w3.org/2000/svg';

function append(node, children) {
    for (const child of children.flat(Infinity))
        if (child !== null && child !== undefined && child !== false) node.append(child);
    return node;
}

/**
 * h('button', { class: 'primary', type: 'button', onclick: fn, 'aria-label': 'x' }, 'text', node, …)
 * on…: listener; data: dataset; true: an attribute without a value; null, undefined, false: left out.
 */
export function h(tag, props = {}, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(props ?? {})) {
        if (value === null || value === undefined || value === false) continue;
        if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
        else if (name === 'data') Object.assign(node.dataset, value);
        else if (name === 'value' || name === 'checked' || name === 'selected') node[name] = value;
        else node.setAttribute(name, value === true ? '' : value);
    }
    return append(node, children);
}

/** An icon of icons.svg; decoration only, words stand beside it. */
export function icon(name) {
    const svg = document.createElementNS(SVG, 'svg');
    svg.setAttribute('class', 'icon');
    svg.setAttribute('aria-hidden', 'true');
    const use = document.createElementNS(SVG, 'use');
    use.setAttribute('href', `${'/assets/icons.svg'}#${name}`);
    svg.append(use);
    return svg;
}

export function replace(node, ...children) {
    node.replaceChildren();
    return append(node, children);
}

const kept = (place, key) => key && place.querySelector(`[data-keep="${CSS.escape(key)}"]`);

/** Draws a place anew; what has the focus there and a data-keep of its own finds it again in the new one, what was unfolded by such a summary stays so, and nothing scrolls. */
export function keepFocus(place, draw) {
    const key = place.contains(document.activeElement) ? document.activeElement.dataset.keep : null;
    const unfolded = [...place.querySelectorAll('details[open] > summary[data-keep]')].map((summary) => summary.dataset.keep);
    draw();
    for (const one of unfolded) kept(place, one)?.parentElement.setAttribute('open', '');
    kept(place, key)?.focus({ preventScroll: true });
}

/** Somebody's words (a name, a note): kept apart from the direction of the text around them. */
export function person(text) {
    return h('bdi', {}, text || '');
}

export function status(word, { text = true } = {}) {
    const node = statusShape(word);
    node.append(h('span', { class: text ? 'word' : 'visually-hidden' }, t.status[word] ?? word));
    return node;
}
/** Only the shape, where the word stands beside it anyway. */
export function statusShape(word) {
    return h('span', { class: `status ${word}` }, h('span', { class: 'shape', 'aria-hidden': 'true' }, t.shape[word] ?? '?'));
}

/** A small word in a box; kind: good, warn, bad, info or none. */
export function tag(text, kind = '') {
    return h('span', { class: `tag ${kind}` }, text);
}

export function button(text, onclick, { kind = '', ...props } = {}) {
    return h('button', { type: 'button', class: kind, onclick, ...props }, text);
}

/** A small menu under its button; a choice, Escape and a press elsewhere close it. After a choice and Escape the button has the focus. */
export function menu(summary, box, props = {}) {
    const node = h('details', props, summary, box);
    const outside = (event) => {
        if (!node.contains(event.target)) node.open = false;
    };
    node.addEventListener('toggle', () => {
        if (node.open) document.addEventListener('click', outside);
        else document.removeEventListener('click', outside);
    });
    const fold = () => {
        node.open = false;
        summary.focus();
    };
    node.addEventListener('keydown', (event) => event.key === 'Escape' && node.open && fold());
    box.addEventListener('click', (event) => event.target.closest('button, a') && fold(), true); // before the choice opens a dialog, which gives the focus back
    return node;
}

export function empty(title, text, ...actions) {
    return h('div', { class: 'empty' }, h('p', { class: 'empty-title' }, title), text && h('p', {}, text), actions.length > 0 && h('div', { class: 'row' }, actions));
}

// ---- tables ----------------------------------------------------------------------------------------------------------

/**
 * columns: [{ title, cell: (row) => node or text, head: true for the row's heading, class, hidden: title not shown }].
 * row(item, tr) may adorn the row.
 */
export function table({ caption, columns, rows, row, class: className = '' }) {
    const head = h('tr', {}, columns.map((column) =>
        h('th', { scope: 'col', class: column.class }, column.hidden ? h('span', { class: 'visually-hidden' }, column.title) : column.title)));
    const body = h('tbody', {}, rows.map((item) => tableRow(columns, item, row)));
    return h('div', { class: `table-wrap ${className}`, tabindex: '0', role: 'group', 'aria-label': caption || t.table },
        h('table', {}, h('caption', { class: 'visually-hidden' }, caption || t.table), h('thead', {}, head), body));
}
function tableRow(columns, item, adorn) {
    const tr = h('tr', {}, columns.map((column) =>
        h(column.head ? 'th' : 'td', { scope: column.head ? 'row' : null, class: column.class }, column.cell(item))));
    adorn?.(item, tr);
    return tr;
}

// ---- forms -----------------------------------------------------------------------------------------------------------

let ids = 0;
export function newId(prefix = 'id') {
    return `${prefix}-${++ids}`;
}

/** A labelled control. control: an element; its error is shown by showErrors. */
export function field(label, control, { hint, class: className = '', hideLabel = false } = {}) {
    const id = control.id || newId('field');
    control.id = id;
    const hintId = `${id}-hint`;
    if (hint) control.setAttribute('aria-describedby', hintId);
    return h('div', { class: `field ${className}` },
        h('label', { for: id, class: hideLabel ? 'visually-hidden' : null }, label), control, hint && h('div', { class: 'hint', id: hintId }, hint));
}
export function check(label, props = {}) {
    return h('label', { class: 'check' }, h('input', { type: 'checkbox', ...props }), h('span', {}, label));
}
/** options: [value, text] pairs or plain words. */
export function select(name, options, { value, ...props } = {}) {
    const node = h('select', { name, ...props }, options.map((option) => {
        const [key, text] = Array.isArray(option) ? option : [option, option];
        return h('option', { value: key, selected: key === value }, text);
    }));
    return node;
}

export function clearErrors(form) {
    for (const node of form.querySelectorAll('.field .error')) node.remove();
    for (const node of form.querySelectorAll('[aria-invalid]')) {
        node.removeAttribute('aria-invalid');
        const described = (node.getAttribute('aria-describedby') || '').split(' ').filter((id) => id && !id.endsWith('-error'));
        if (described.length > 0) node.setAttribute('aria-describedby', described.join(' '));
        else node.removeAttribute('aria-describedby');
    }
    form.querySelector('.form-error')?.remove();
}

/** errors: { fieldName: message }; "" is the form's own. Focus goes to the first. */
export function showErrors(form, errors) {
    clearErrors(form);
    let first = null;
    for (const [name, message] of Object.entries(errors)) {
        const control = name && form.elements[name];
        if (control instanceof HTMLElement) {
            const id = `${control.id || newId('field')}-error`;
            control.setAttribute('aria-invalid', 'true');
            control.setAttribute('aria-describedby', `${control.getAttribute('aria-describedby') || ''} ${id}`.trim());
            control.closest('.field')?.append(h('div', { class: 'error', id }, message));
            first ??= control;
        } else {
            const box = h('div', { class: 'banner bad form-error', role: 'alert', tabindex: '-1' }, message);
            (form.querySelector('.dialog-body') ?? form).prepend(box);
            first ??= box;
        }
    }
    first?.focus();
}

/** The server calls a field by the name that it has in the API; people know it by what stands over it. */
function inWordsOf(control, message) {
    const label = control.labels?.[0]?.textContent;
    const { name } = control;
    return label && message.toLowerCase().startsWith(`${name.toLowerCase()} `) ? label + message.slice(name.length) : message;
}

/** What a failed request means for a form: at its field where the server names one. */
export function showFailure(form, error) {
    const control = error.field ? form.elements[error.field] : null;
    if (control instanceof HTMLElement) showErrors(form, { [error.field]: inWordsOf(control, error.message) });
    else showErrors(form, { '': error.message });
}

/** The required controls that are empty, as errors. */
export function missing(form) {
    const errors = {};
    for (const control of form.elements)
        if (control.required && !control.value.trim()) errors[control.name] = t.required;
    return errors;
}

/** Runs work with the button held down; a second press does nothing. */
export async function busyWith(control, work) {
    if (!control || control.getAttribute('aria-disabled') === 'true') return;
    control.setAttribute('aria-disabled', 'true');
    control.setAttribute('aria-busy', 'true');
    try {
        await work();
    } finally {
        control.removeAttribute('aria-disabled');
        control.removeAttribute('aria-busy');
    }
}

// ---- dialogs ---------------------------------------------------------------------------------------------------------

window.addEventListener('beforeunload', (event) => {
    if (document.querySelector('dialog[open] form[data-dirty]')) event.preventDefault();
});

/**
 * A modal dialog with a form. body: nodes. submit(form, close) does the work and may throw an ApiError, which is shown and
 * leaves what was typed. Resolves with what close(value) got, null when it was cancelled. Escape on a form that was typed
 * in asks first. actions: more buttons, at the start of the footer.
 */
export function formDialog({ title, body, submit, submitText = t.save, danger = false, wide = false, cancelText = t.cancel, actions = [], onclose }) {
    return new Promise((resolve) => {
        const heading = newId('dialog');
        let result = null;
        const close = (value = null) => {
            result = value;
            dialog.close();
        };
        const go = submitText && h('button', { type: 'submit', class: danger ? 'primary danger' : 'primary' }, submitText);
        const form = h('form', { method: 'dialog', novalidate: true },
            h('header', {}, h('h2', { id: heading }, title)),
            h('div', { class: 'dialog-body' }, body),
            h('footer', {}, actions, actions.length > 0 && h('span', { class: 'grow' }), button(cancelText, () => leave()), go));
        const dialog = h('dialog', { class: wide ? 'wide' : '', 'aria-labelledby': heading }, form);

        const leave = async () => {
            if (!('dirty' in form.dataset) || (await confirmDialog({ title: t.discard, yes: t.discardYes, no: t.discardNo, danger: true }))) close();
        };
        form.addEventListener('input', () => { form.dataset.dirty = ''; });
        form.addEventListener('submit', async (event) => {
            event.preventDefault();
            if (!submit) return close(true);
            clearErrors(form);
            const errors = missing(form);
            if (Object.keys(errors).length > 0) return showErrors(form, errors);
            await busyWith(go, async () => {
                try {
                    await submit(form, close);
                } catch (error) {
                    if (error.name !== 'ApiError' && error.status === undefined) throw error;
                    showFailure(form, error);
                }
            });
        });
        dialog.addEventListener('cancel', (event) => {
            event.preventDefault();
            leave();
        });
        const before = document.activeElement;
        dialog.addEventListener('close', () => {
            dialog.remove();
            (before?.isConnected ? before : kept(document, before?.dataset.keep))?.focus();
            onclose?.();
            resolve(result);
        });
        document.body.append(dialog);
        dialog.showModal();
        (dialog.querySelector('[autofocus]') ?? form.querySelector('.dialog-body :is(input, select, textarea):not([type=checkbox]):not([type=radio])') ?? (danger ? null : go) ?? form.querySelector('footer button')).focus();
    });
}

/** Yes or no; resolves with true or false. */
export async function confirmDialog({ title, text, yes, no = t.cancel, danger = false }) {
    return Boolean(await formDialog({ title, body: [text && h('p', {}, text)], submit: null, submitText: yes, cancelText: no, danger }));
}

// ---- messages --------------------------------------------------------------------------------------------------------

const TOAST_MS = 6000;
let toasts = null;

/** A short word about what was done, read out; kind "good" or "bad". Bad ones stay until dismissed. */
export function toast(message, kind = 'good') {
    toasts ??= document.body.appendChild(h('div', { class: 'toasts', role: 'status', 'aria-live': 'polite' }));
    const item = h('div', { class: `toast ${kind}` }, h('span', { class: 'grow' }, message), button('✕', () => item.remove(), { kind: 'quiet compact', 'aria-label': t.dismiss }));
    toasts.append(item);
    while (toasts.children.length > 3) toasts.firstChild.remove();
    if (kind === 'good') setTimeout(() => item.remove(), TOAST_MS);
}

/** Does work; a failure becomes a message that says what to do. Resolves with what work gave, undefined on failure. */
export async function attempt(work, control = null) {
    let result;
    const run = async () => {
        try {
            result = await work();
        } catch (error) {
            if (error.status === undefined) throw error;
            toast(error.message, 'bad');
        }
    };
    if (control) await busyWith(control, run);
    else await run();
    return result;
}

/**
 * Fills a place with what loads: a word while it does, what went wrong and a button to try again when it fails. A later
 * call for the same place wins over an earlier one that is still under way. show(data) returns nodes.
 */
export async function loadInto(place, load, show) {
    const turn = (Number(place.dataset.turn) || 0) + 1;
    place.dataset.turn = turn;
    const current = () => Number(place.dataset.turn) === turn;
    if (!place.hasChildNodes()) place.append(h('p', { class: 'busy', role: 'status' }, t.loading));
    place.setAttribute('aria-busy', 'true');
    try {
        const data = await load();
        if (!current()) return;
        const nodes = await show(data);
        if (current()) keepFocus(place, () => replace(place, nodes));
    } catch (error) {
        if (error.status === undefined) throw error;
        if (current())
            replace(place, h('div', { class: 'banner bad', role: 'alert' }, h('span', { class: 'grow' }, error.message),
                button(t.retry, () => loadInto(place, load, show), { kind: 'compact' })));
    } finally {
        if (current()) place.removeAttribute('aria-busy');
    }
}

/** Calls fn once, ms after the last call. */
export function debounce(fn, ms) {
    let timer = null;
    return (...args) => {
        clearTimeout(timer);
        timer = setTimeout(() => fn(...args), ms);
    };
}

/** A script that is not a module (the chart library); once. */
const scripts = new Map();
export function loadScript(address) {
    if (!scripts.has(address))
        scripts.set(address, new Promise((resolve, reject) => {
            document.head.append(h('script', { src: address, onload: resolve, onerror: () => reject(new Error(`cannot load ${address}`)) }));
        }));
    return scripts.get(address);
}
