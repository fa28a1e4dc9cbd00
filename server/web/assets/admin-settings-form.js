/* The form that every card of the settings is: what changed goes to the server, wrong input is said at its field. */
import { patch } from './api.js';
import { a } from './admin-strings.js';
import { busyWith, clearErrors, h, missing, showErrors, showFailure, toast } from './ui.js';

/** found: the settings as they are. read(value, form) → what the form says now; value(name): what stands in a control. saved(now): after each change. */
export function settingsForm({ found, text, body, read, saved }) {
    const go = h('button', { type: 'submit', class: 'primary' }, text);
    const form = h('form', { class: 'stack', novalidate: true }, body, h('div', { class: 'row' }, go));
    let before = found;
    form.addEventListener('submit', async (event) => {
        event.preventDefault();
        clearErrors(form);
        const errors = missing(form);
        if (Object.keys(errors).length > 0) return showErrors(form, errors);
        const wanted = read((name) => form.elements[name].value.trim(), form);
        const changed = Object.fromEntries(Object.entries(wanted).filter(([name, now]) => now !== before[name]));
        await busyWith(go, async () => {
            try {
                before = { ...before, ...wanted, ...(await patch('/api/settings', changed)) };
                saved?.(before);
                toast(a.saved);
            } catch (error) {
                if (error.status === undefined) throw error;
                showFailure(form, error);
            }
        });
    });
    return form;
}
