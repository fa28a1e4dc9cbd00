/*
 * What the tests of the station share besides lib/program.mjs, which comes along: the programs under test, models and
 * recordings, data folders with a roster.
 */
import fs from 'node:fs';
import path from 'node:path';

import { folder, noonZone, required, root, skip, start } from './lib/program.mjs';

export * from './lib/program.mjs';

export const station = path.join(required('ROLLCALL_TEST_BIN'), 'rollcall-station');
export const attackTool = path.join(required('ROLLCALL_TEST_BIN'), 'rollcall-attack');
export const clockShift = path.join(required('ROLLCALL_TEST_BIN'), 'librollcall-clock-shift.so');
export const models = required('ROLLCALL_MODELS');

for (const file of [station, attackTool, path.join(models, 'dlib_face_recognition_resnet_model_v1.dat'), path.join(models, 'facemesh.onnx')])
    if (!fs.existsSync(file)) skip(`${file} is missing`);

/** A recording or picture of the media folder. */
export function media(name) {
    const file = path.join(required('ROLLCALL_MEDIA'), name);
    if (!fs.existsSync(file)) skip(`${file} is missing`);
    return file;
}

/** A data folder with settings and, unless roster is false, two students, "a" and "b", in a class that is open all day. */
export async function stationFolder({ policy = 'basic', modelsDir = models, roster = true, settings = '' } = {}) {
    const data = folder('data');
    fs.writeFileSync(path.join(data, 'station.conf'),
        `[station]\ntimezone = ${noonZone()}\n[models]\ndir = ${modelsDir}\n[liveness]\npolicy = ${policy}\n${settings}`);
    if (roster) {
        await importRoster(data, 'class,start,late_after,close_after,weekdays\nT1,00:00,1439,1439,Mon-Sun\n');
        await importRoster(data, 'id,name,class\na,Asha Able,T1\nb,Bilal Baker,T1\n');
    }
    return data;
}

async function importRoster(data, csv) {
    const file = path.join(data, 'roster.csv');
    fs.writeFileSync(file, csv);
    await good(['--data', data, 'roster', 'import', file]);
    fs.rmSync(file);
}

/** The environment that lets the wall clock be wrong by so many seconds. */
export function clockOff(seconds) {
    const asan = `${process.env.ASAN_OPTIONS || ''}:verify_asan_link_order=0`;
    return { LD_PRELOAD: clockShift, CLOCK_SHIFT_S: String(seconds), ASAN_OPTIONS: asan };
}

/** Runs rollcall-station to its end. */
export function run(args, options) {
    return start(station, args, options).done;
}

/** Runs rollcall-station, which must succeed. */
export async function good(args, options) {
    const result = await run(args, options);
    if (result.code !== 0) throw new Error(`rollcall-station ${args.join(' ')}: exit ${result.code ?? result.signal}\n${result.stdout}${result.stderr}`);
    return result;
}

/** Makes a recording with rollcall-attack. */
export async function make(kind, file, ...words) {
    const result = await start(attackTool, [kind, file, ...words.map(String)], { timeoutS: 300 }).done;
    if (result.code !== 0) throw new Error(`rollcall-attack ${kind}: ${result.stderr}`);
    return file;
}

/** Event lines of a headless run of a recording at full speed. */
export function replay(data, file, { extra = [], ...options } = {}) {
    return good(['--data', data, 'run', '--headless', '--until-eof', '--events', '-', '--camera', `replay:${file}?speed=max`, ...extra], options);
}

export async function json(args, options) {
    return (await good([...args, '--json'], options)).events;
}

/** What doctor says of one topic. */
export async function finding(data, topic) {
    const { events } = await run(['--data', data, 'doctor', '--json']);
    return events.find((event) => event.topic === topic) || null;
}
