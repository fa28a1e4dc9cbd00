/*
 * The ways without a face: a card with a QR code, a PIN. Both are shown once, when they are made: the server keeps only what
 * it needs to recognise them.
 */
import { showOnce } from './admin-parts.js';
import { a } from './admin-strings.js';
import { patch, path, post } from './api.js';
import { attempt, button, check, confirmDialog, field, formDialog, h, person, select, tag, toast } from './ui.js';

// ---- cards on paper ----------------------------------------------------------------------------------------------------

/* A picture, not markup: nothing in it can run or reach out. */
function qrPicture(svg) {
    return h('img', { src: URL.createObjectURL(new Blob([svg], { type: 'image/svg+xml' })), alt: '' });
}

function cardNode(card, school) {
    return h('article', { class: 'id-card', data: { card: card.student_id } }, qrPicture(card.svg),
        h('div', { class: 'id-card-text' }, h('p', { class: 'id-card-school' }, person(school)), h('h3', {}, person(card.name)),
            h('p', {}, [card.class_id, card.roll_number && a.student.rollNumber(card.roll_number)].filter(Boolean).join(' · ')), h('p', { class: 'small mono' }, card.student_id)));
}

/** Cards that were just made, to be printed now. Resolves when they are put away. */
export async function showCards(cards, school, remark) {
    const sheet = h('div', { class: 'id-cards' }, cards.map((card) => cardNode(card, school)));
    const paper = sheet.cloneNode(true);
    paper.classList.add('print-only');
    document.body.append(paper);
    document.body.classList.add('prints-cards');
    try {
        await formDialog({
            title: cards.length === 1 ? a.cards.one(cards[0].name) : a.cards.many(cards.length),
            wide: true,
            body: [h('p', { class: 'banner info' }, a.cards.once), remark && h('p', {}, remark), sheet],
            submit: null,
            submitText: null,
            cancelText: a.cards.putAway,
            actions: [button(a.print, () => window.print(), { kind: 'primary' })],
        });
    } finally {
        document.body.classList.remove('prints-cards');
        paper.remove();
        for (const picture of sheet.querySelectorAll('img')) URL.revokeObjectURL(picture.src);
    }
}

/** Cards for a class: who has none gets one. */
export async function classCardsDialog(classes, classId, school) {
    const pick = select('class', classes.map((one) => one.id), { value: classId || classes[0].id });
    const made = await formDialog({
        title: a.cards.classTitle,
        body: [
            h('p', {}, a.cards.classText),
            field(a.class, pick),
            check(a.cards.everybody, { name: 'everybody' }),
            check(a.cards.replace, { name: 'replace' }),
        ],
        submitText: a.cards.make,
        submit: async (form, close) => {
            const answer = await post(path('/api/classes', pick.value, 'cards'), { everybody: form.elements.everybody.checked, replace: form.elements.replace.checked });
            close(answer);
        },
    });
    if (!made) return false;
    const remark = a.cards.result(made.kept, made.closed);
    if (made.cards.length === 0) toast(`${a.cards.none} ${remark}`);
    else await showCards(made.cards, school, remark);
    return true;
}

// ---- one student ---------------------------------------------------------------------------------------------------------

async function newCard(student, school) {
    if (student.card_set && !(await confirmDialog({ title: a.cards.againTitle(student.name), text: a.cards.againText, yes: a.cards.make }))) return false;
    const card = await attempt(() => post(path('/api/students', student.id, 'card')));
    if (!card) return false;
    await showCards([card], school, student.card_lane === 'closed' && a.cards.laneClosed);
    return true;
}

function newPin(student) {
    const pin = h('input', { type: 'text', name: 'pin', inputmode: 'numeric', autocomplete: 'off', maxlength: '12' });
    return formDialog({
        title: a.pin.title(student.name),
        body: [student.pin_set && h('p', {}, a.pin.again), field(a.pin.own, pin, { hint: a.pin.hint })],
        submitText: a.pin.go,
        submit: async (form, close) => close(await post(path('/api/students', student.id, 'pin'), pin.value.trim() ? { pin: pin.value.trim() } : {})),
    });
}

/** The part of a student's panel; changed() is called after what changes the student. */
export function lanePart(student, context, changed) {
    const school = context.me.school.name;
    const accommodation = async (event) => {
        const wanted = event.target.checked;
        if (await attempt(() => patch(path('/api/students', student.id), { accommodation: wanted }))) toast(a.saved);
        changed();
    };
    return h('section', { class: 'stack tight', 'aria-labelledby': 'lane-title' },
        h('h3', { id: 'lane-title' }, a.lane.title),
        h('p', { class: 'small' }, a.lane.reasons[student.card_lane] ?? ''),
        context.isAdmin && check(a.lane.accommodation, { name: 'accommodation', checked: student.accommodation, onchange: accommodation, data: { keep: 'accommodation' } }),
        h('div', { class: 'row' },
            tag(student.card_set ? a.cards.has : a.cards.hasNot, student.card_set ? 'good' : ''), tag(student.pin_set ? a.pin.has : a.pin.hasNot, student.pin_set ? 'good' : '')),
        !student.archived && h('div', { class: 'row' },
            button(student.card_set ? a.cards.again : a.cards.first, async () => (await newCard(student, school)) && changed(), { kind: 'compact', data: { keep: 'card' } }),
            button(student.pin_set ? a.pin.another : a.pin.first, async () => {
                const answer = await newPin(student);
                if (!answer) return;
                await showOnce({ title: a.pin.shown(student.name), text: a.pin.once, secret: answer.pin });
                changed();
            }, { kind: 'compact', data: { keep: 'pin' } })));
}
