// Opens pages in a real Chromium as whoever a cookie says, in light and dark, on a phone and on a desk, and prints what is
// wrong with them as JSON: what axe finds against WCAG 2.1 AA, sideways scrolling of the whole page, and what the console says.
//
// node pages.mjs BASE COOKIE CHROMIUM PATH… [--shots FOLDER]

import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { look } from './fit.mjs';

const args = process.argv.slice(2);
const at = args.indexOf('--shots');
const shots = at < 0 ? null : args.splice(at, 2)[1];
const [base, cookie, executablePath, ...paths] = args;

const [name, value] = cookie.split('=', 2);
const browser = await chromium.launch({ executablePath, headless: true, args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'] });
const found = [];
let looked = 0;
try {
  for (const colorScheme of ['light', 'dark']) {
    for (const width of [390, 1280]) {
      const context = await browser.newContext({ colorScheme, viewport: { width, height: 900 }, bypassCSP: false });
      await context.addCookies([{ name, value, url: base }]);
      for (const path of paths) {
        const where = { path, colorScheme, width };
        const page = await context.newPage();
        page.on('console', (message) => { if (['error', 'warning'].includes(message.type())) found.push({ ...where, kind: 'console', what: message.text() }); });
        page.on('pageerror', (error) => found.push({ ...where, kind: 'script', what: String(error) }));
        page.on('request', (request) => { if (!request.url().startsWith(base)) found.push({ ...where, kind: 'elsewhere', what: request.url() }); });
        const answer = await page.goto(base + path, { waitUntil: 'load' });
        if (answer.status() !== 200 || new URL(page.url()).pathname !== new URL(base + path).pathname) found.push({ ...where, kind: 'status', what: `${answer.status()} ${page.url()}` });
        for (const one of await look(page)) found.push({ ...where, ...one });
        if (shots) await page.screenshot({ path: join(shots, `${path.replace(/[^a-z0-9]+/gi, '_')}-${colorScheme}-${width}.png`), fullPage: true });
        looked++;
        await page.close();
      }
      await context.close();
    }
  }
} finally {
  await browser.close();
}
process.stdout.write(JSON.stringify({ looked, found }));
