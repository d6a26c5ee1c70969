// A real Chromium, driven line by line: one JSON command on stdin, one JSON answer on stdout. Every page is a person's own
// browser, with cookies and an authenticator of its own.
import { createInterface } from 'node:readline';
import { chromium } from 'playwright-core';

const browser = await chromium.launch({
  executablePath: process.argv[2],
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});
const people = new Map();

async function open({ name, width = 1280, height = 900, scheme = 'light', touch = false }) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: scheme, hasTouch: touch, isMobile: touch });
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

const acts = {
  go: ({ page }, { url }) => page.goto(url).then((answer) => answer.status()),
  fill: ({ page }, { at, text }) => page.locator(at).first().fill(text),
  choose: ({ page }, { at }) => page.locator(at).first().check({ force: true }),
  click: ({ page }, { at }) => page.locator(at).first().click(),
  tap: ({ page }, { at }) => page.locator(at).first().tap(),
  press: ({ page }, { keys }) => page.keyboard.press(keys),
  see: ({ page }, { at }) => page.locator(at).first().waitFor({ timeout: 20_000 }).then(() => page.locator(at).first().innerText()),
  count: ({ page }, { at }) => page.locator(at).count(),
  value: ({ page }, { at }) => page.locator(at).first().inputValue(),
  url: ({ page }) => page.url(),
  run: ({ page }, { script }) => page.evaluate(script),
  shot: ({ page }, { path, whole }) => page.screenshot({ path, fullPage: whole === true }).then(() => path),
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
