/*
 * What the tests of the pages share: the real server (tests/integration/lib/server.mjs), a Chromium, and pages that
 * notice what must not happen: messages on the console, exceptions, violations of the content security policy.
 *
 * The environment besides that of the integration tests: ROLLCALL_TEST_PACKAGES (folder of playwright-core and axe-core),
 * CHROMIUM (the browser, else "chromium" on the PATH), ROLLCALL_TEST_SHOTS (a folder for pictures of every page, to look at).
 */
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

import { report, required, skip } from '../integration/lib/server.mjs';

export * from '../integration/lib/server.mjs';

const packages = required('ROLLCALL_TEST_PACKAGES');
if (!fs.existsSync(path.join(packages, 'node_modules', 'playwright-core'))) skip('playwright-core is missing');
const load = createRequire(path.join(packages, 'package.json'));
const { chromium } = load('playwright-core');
const axeSource = fs.readFileSync(load.resolve('axe-core/axe.min.js'), 'utf8');

function findBrowser() {
    const named = process.env.CHROMIUM;
    const found = named ?? process.env.PATH.split(':').map((dir) => path.join(dir, 'chromium')).find((file) => fs.existsSync(file));
    if (!found) skip('there is no chromium');
    return found;
}

function launch(...more) {
    return chromium.launch({
        executablePath: findBrowser(),
        args: ['--no-sandbox', '--disable-dev-shm-usage', '--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream', ...more],
    });
}

/** One browser for the script; it is closed when the script ends. */
export const browser = await launch();

/** Another one, whose camera films an .mjpeg file; the caller closes it. */
export function filming(file) {
    return launch(`--use-file-for-fake-video-capture=${file}`);
}

export const WIDE = { width: 1280, height: 900 };
export const PHONE = { width: 390, height: 844 };

/** The looks in which each page is seen: [name, what openWindow takes]. */
export const LOOKS = [
    ['desk light', { viewport: WIDE, colorScheme: 'light' }],
    ['desk dark', { viewport: WIDE, colorScheme: 'dark' }],
    ['phone light', { viewport: PHONE, colorScheme: 'light' }],
    ['phone dark', { viewport: PHONE, colorScheme: 'dark' }],
];

/** Collects what must not happen on a page. expected: statuses of requests that the test makes fail on purpose. */
function watch(page, problems, expected) {
    page.on('console', (message) => {
        const text = message.text();
        const status = /status of (\d+)/.exec(text)?.[1];
        if (['error', 'warning'].includes(message.type()) && !expected.has(Number(status))) problems.push(`console: ${text}`);
    });
    page.on('pageerror', (error) => problems.push(`exception: ${error.stack}`));
    page.on('dialog', (dialog) => {
        if (dialog.type() !== 'beforeunload') problems.push(`a ${dialog.type()} opened: ${dialog.message()}`);
        dialog.accept().catch(() => {});
    });
}

/**
 * A window of its own, far from the school's zone. Has page(), which makes pages that are watched, problems, expect(status)
 * for failures on purpose, and close().
 */
export async function openWindow({ viewport = WIDE, colorScheme = 'light', browser: of = browser, ...more } = {}) {
    const context = await of.newContext({ viewport, colorScheme, timezoneId: 'America/New_York', locale: 'en-GB', reducedMotion: 'reduce', ...more });
    context.setDefaultTimeout(15000);
    await context.addInitScript(() => {
        document.addEventListener('securitypolicyviolation', (event) => console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`));
    });
    const problems = [];
    const expected = new Set();
    return {
        context,
        problems,
        expect: (status) => expected.add(status),
        async page() {
            const page = await context.newPage();
            watch(page, problems, expected);
            return page;
        },
        close: () => context.close(),
    };
}

/** Signs in by the form. */
export async function signIn(page, server, username, password) {
    await page.goto(`${server.url}/`);
    await page.getByLabel('User name').fill(username);
    await page.getByLabel('Password', { exact: true }).fill(password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.waitForURL(/\/(admin|student-dashboard)/);
}

/** Nothing of the page is still loading. */
export async function settled(page) {
    await page.waitForFunction(() => !document.querySelector('[aria-busy="true"], .busy') && document.querySelector('h1'));
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
}

/** What axe-core finds of the two upper ranks, one line each. */
export async function accessibilityProblems(page) {
    await page.evaluate(axeSource); // by the debugger, not by the page: its policy would refuse it
    const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
    return found.violations.filter((one) => ['serious', 'critical'].includes(one.impact))
        .flatMap((one) => one.nodes.map((node) => `${one.id}: ${node.html.slice(0, 160)}: ${node.failureSummary}`));
}

/** Pixels by which a page is wider than the window. */
export function overflow(page) {
    return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}

/** A picture of the page, where somebody wants to look at it. */
export async function shot(page, name) {
    const dir = process.env.ROLLCALL_TEST_SHOTS;
    if (!dir) return;
    fs.mkdirSync(dir, { recursive: true });
    const fullPage = (await page.locator('dialog[open]').count()) === 0;
    await page.screenshot({ path: path.join(dir, `${name}.png`), fullPage });
}

/** Ends the script. */
export async function finish() {
    await browser.close();
    report();
}
