// A real Chromium, driven line by line: one JSON command on stdin, one JSON answer on stdout. Every page is a person's own
// browser, with cookies and an authenticator of its own.
import { createInterface } from 'node:readline';
import { chromium } from 'playwright-core';
import { lookAllRound } from './fit.mjs';

const browser = await chromium.launch({
  executablePath: process.argv[2],
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});
const people = new Map();

async function open({ name, width = 1280, height = 900, scheme = 'light', touch = false, script = true }) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: scheme, hasTouch: touch, isMobile: touch, javaScriptEnabled: script });
  const page = await context.newPage();
  const complaints = [];
  page.on('console', (m) => { if (m.type() === 'error') complaints.push(m.text()); });
  page.on('pageerror', (e) => complaints.push(e.message));
  const cdp = await context.newCDPSession(page);
  await cdp.send('WebAuthn.enable');
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: { protocol: 'ctap2', ctap2Version: 'ctap2_1', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
  });
  people.set(name, { context, page, cdp, authenticatorId, complaints });
}

/** What the keyboard is at: its words, whether it is seen to be, and whether it is within sight. */
function focused() {
  const at = document.activeElement;
  if (!at || at === document.body) return null;
  const label = at.labels?.[0];
  const ring = (e) => e && getComputedStyle(e).outlineStyle !== 'none' && parseFloat(getComputedStyle(e).outlineWidth) >= 2;
  const box = (at.type === 'radio' && label ? label : at).getBoundingClientRect();
  return {
    words: (at.getAttribute('aria-label') ?? label?.innerText ?? at.innerText ?? '').trim().split('\n')[0],
    ring: ring(at) || ring(label),
    seen: box.width > 0 && box.height > 0 && box.right > 0 && box.bottom > 0 && box.top < innerHeight && box.left < innerWidth,
  };
}

/** A picture of what fits the window, or of the whole page and no more than it. */
async function shot(page, path, whole) {
  const size = page.viewportSize();
  if (whole) await page.setViewportSize({ width: size.width, height: 200 });
  await page.screenshot({ path, fullPage: whole });
  await page.setViewportSize(size);
}

const acts = {
  go: ({ page }, { url }) => page.goto(url).then((answer) => answer.status()),
  fill: ({ page }, { at, text }) => page.locator(at).first().fill(text),
  choose: ({ page }, { at }) => page.locator(at).first().check({ force: true }),
  click: ({ page }, { at }) => page.locator(at).first().click(),
  tap: ({ page }, { at }) => page.locator(at).first().tap(),
  type: ({ page }, { text }) => page.keyboard.type(text),
  press: ({ page }, { keys }) => page.keyboard.press(keys),
  see: ({ page }, { at }) => page.locator(at).first().waitFor({ timeout: 20_000 }).then(() => page.locator(at).first().innerText()),
  count: ({ page }, { at }) => page.locator(at).count(),
  value: ({ page }, { at }) => page.locator(at).first().inputValue(),
  url: ({ page }) => page.url(),
  run: ({ page }, { script }) => page.evaluate(script),
  fit: ({ page }) => lookAllRound(page),
  focus: ({ page }) => page.evaluate(focused),
  shot: ({ page }, { path, whole }) => shot(page, path, whole === true),
  verify: ({ cdp, authenticatorId }, { yes }) => cdp.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: yes }),
  touch: ({ cdp, authenticatorId }, { yes }) => cdp.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId, enabled: yes }),
  keys: ({ cdp, authenticatorId }) => cdp.send('WebAuthn.getCredentials', { authenticatorId }).then((r) => r.credentials),
  cookies: ({ context }) => context.cookies(),
  complaints: ({ complaints }) => complaints,
};

for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  try {
    const value = command.act === 'open' ? await open(command) : await acts[command.act](people.get(command.name), command);
    console.log(JSON.stringify({ value: value ?? null }));
  } catch (error) {
    console.log(JSON.stringify({ error: String(error.message).split('\n')[0] }));
  }
}
await browser.close();
