/* What people saw in the recordings, frame by frame: tests/data/blinks/*.csv. */
import fs from 'node:fs';
import path from 'node:path';
import { root } from './lib.mjs';

/** Rows with `event`, `confidence`, `first` and `last` (frames, both included). */
export function annotations(name) {
    const [header, ...rows] = fs.readFileSync(path.join(root, 'tests/data/blinks', name), 'utf8').trim().split('\n').map((line) => line.split(','));
    return rows.map((row) => Object.fromEntries(header.map((column, i) => [column, row[i]])))
        .map((row) => ({ ...row, first: Number(row.start_frame), last: Number(row.end_frame) }));
}

/* The annotator's and the landmarks' idea of where a blink begins and ends differ by about two frames of the video. */
const slack = 2;

/** Do a detection, [first, last], and a row speak of the same moment? */
export function meets(detection, row) {
    return detection[0] - slack <= row.last && detection[1] + slack >= row.first;
}
