/*
 * Enrolment by a photo, from a file or the browser's camera. A station reads it and the photo is gone; the page follows
 * the job until it ends. The picture is made smaller here: faces do not need more, and less leaves this browser.
 */
import { consentDialog, consentMissing } from './admin-consent.js';
import { percent } from './admin-parts.js';
import { a } from './admin-strings.js';
import { get, path, upload } from './api.js';
import { attempt, button, confirmDialog, field, formDialog, h, person, replace } from './ui.js';

const SIDE_MAX = 1600;
const QUALITY = 0.92;
const POLL_MS = 1500;
const ENDED = ['done', 'refused', 'timed_out'];

function fitted(width, height) {
    const scale = Math.min(1, SIDE_MAX / Math.max(width, height));
    return [Math.round(width * scale), Math.round(height * scale)];
}

/** A JPEG of what source shows. */
function toJpeg(source, width, height) {
    const [w, hgt] = fitted(width, height);
    const canvas = h('canvas', { width: String(w), height: String(hgt) });
    canvas.getContext('2d').drawImage(source, 0, 0, w, hgt);
    return new Promise((resolve, reject) => {
        canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error(a.enrol.unreadable))), 'image/jpeg', QUALITY);
    });
}

async function jpegOfFile(file) {
    const bitmap = await createImageBitmap(file, { imageOrientation: 'from-image' }); // turned as the phone says
    try {
        return await toJpeg(bitmap, bitmap.width, bitmap.height);
    } finally {
        bitmap.close();
    }
}

function cameraProblem(error) {
    if (!navigator.mediaDevices) return a.enrol.needsHttps;
    if (error?.name === 'NotAllowedError') return a.enrol.notAllowed;
    if (error?.name === 'NotFoundError') return a.enrol.noCamera;
    return a.enrol.cameraFails;
}

/** Waits for the end of a job; told of each state. Stops when gone() says so. */
async function follow(job, context, { show, gone }) {
    let wake = () => {};
    const listen = (event) => event.detail.what === 'enrolment' && wake();
    context.live.addEventListener('changed', listen);
    try {
        let now = job;
        while (!gone()) {
            show(now);
            if (ENDED.includes(now.state)) return now;
            await new Promise((resolve) => {
                wake = resolve;
                setTimeout(resolve, POLL_MS);
            });
            try {
                now = await get(path('/api/enrolments', job.id));
            } catch (error) {
                if (error.status === 404) return show({ state: 'timed_out' });
                show({ ...now, waitingFor: error.message }); // it goes on without us; ask again
            }
        }
    } finally {
        context.live.removeEventListener('changed', listen);
    }
    return null;
}

/** Without consent no photo is taken: it is noted first, or nothing is done. Resolves with true when a photo may be taken. */
async function mayEnrol(student) {
    const { consent_required: required } = await get('/api/settings');
    const why = consentMissing(student, required);
    if (!why) return true;
    if (!(await confirmDialog({ title: a.consent.missing.title(student.name), text: why, yes: a.consent.give }))) return false;
    return consentDialog(student, 'given');
}

/** Resolves when the dialog is closed, or at once without consent. */
export async function enrolDialog(student, context) {
    if (await attempt(() => mayEnrol(student))) await photoDialog(student, context);
}

function photoDialog(student, context) {
    const file = h('input', { type: 'file', name: 'file', accept: 'image/jpeg,image/png' });
    const video = h('video', { muted: true, playsinline: true, hidden: true });
    const preview = h('img', { alt: a.enrol.preview, hidden: true });
    const stage = h('div', { class: 'enrol-stage', hidden: true }, video, preview);
    const message = h('div', { role: 'status' });
    let stream = null;
    let photo = null;
    let why = a.enrol.first; // there is no photo to send
    let open = true;

    const stopCamera = () => {
        for (const track of stream?.getTracks() ?? []) track.stop();
        stream = null;
        video.srcObject = null;
        video.hidden = true;
        shoot.hidden = true;
        start.hidden = false;
    };
    const say = (kind, text, ...more) => replace(message, text && h('div', { class: `banner ${kind}` }, h('span', {}, text), more));
    const take = (blob) => {
        if (preview.src) URL.revokeObjectURL(preview.src);
        photo = blob;
        why = a.enrol.first;
        preview.src = blob ? URL.createObjectURL(blob) : '';
        preview.hidden = !blob;
        stage.hidden = !blob && video.hidden;
    };
    const start = button(a.enrol.startCamera, async () => {
        say('', '');
        try {
            stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'user', width: { ideal: 1280 }, height: { ideal: 720 } } });
        } catch (error) {
            return say('bad', cameraProblem(error));
        }
        if (!open) return stopCamera();
        take(null);
        video.srcObject = stream;
        video.hidden = false;
        stage.hidden = false;
        await video.play();
        start.hidden = true;
        shoot.hidden = false;
        shoot.focus();
    });
    const shoot = button(a.enrol.shoot, async () => {
        const blob = await toJpeg(video, video.videoWidth, video.videoHeight);
        stopCamera();
        take(blob);
        file.value = '';
    }, { kind: 'primary', hidden: true });
    file.addEventListener('change', async () => {
        stopCamera();
        say('', '');
        if (!file.files[0]) return take(null);
        try {
            take(await jpegOfFile(file.files[0]));
        } catch {
            take(null);
            why = a.enrol.unreadable;
            say('bad', why);
        }
    });

    const result = (job) => {
        if (job.state === 'done') return say('good', a.enrol.done(job.template_count, job.station, job.quality > 0 && percent(job.quality)));
        if (job.state === 'refused') return say('bad', a.enrol.refused(job.message || job.reason));
        if (job.state === 'timed_out') return say('bad', a.enrol.timedOut);
        return say('info', job.waitingFor ?? a.enrol[job.state] ?? a.enrol.waiting);
    };

    return formDialog({
        title: a.enrol.title(student.name),
        wide: true,
        body: [
            h('p', { class: 'muted' }, h('strong', {}, person(student.name)), ` · ${student.class_id} · `, a.enrol.text),
            h('div', { class: 'toolbar' }, field(a.enrol.file, file, { class: 'search' }), h('div', { class: 'row' }, start, shoot)),
            stage, message,
        ],
        submitText: a.enrol.send,
        cancelText: a.enrol.close,
        submit: async (form) => {
            if (!photo) return say('bad', why);
            say('info', a.enrol.sending);
            const { job } = await upload(path('/api/students', student.id, 'photo'), photo);
            take(null);
            file.value = '';
            delete form.dataset.dirty;
            await follow(job, context, { show: result, gone: () => !open });
        },
        onclose: () => {
            open = false;
            stopCamera();
            take(null);
        },
    });
}
