// What is wrong with a page as it stands, as [{kind, what}]: what axe finds against WCAG 2.1 AA, and sideways scrolling of the
// whole page. Folded parts are looked at as well, and folded again.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export async function look(page) {
  const found = [];
  await page.evaluate(() => document.querySelectorAll('details:not([open])').forEach((d) => { d.open = true; d.dataset.folded = ''; }));
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  if (wide > 0) {
    const guilty = await page.evaluate(() => [...document.querySelectorAll('main *')].filter((e) => !e.closest('.scroll') && e.getBoundingClientRect().right > document.documentElement.clientWidth + 1).slice(0, 3).map((e) => e.outerHTML.slice(0, 120)));
    found.push({ kind: 'overflow', what: `${wide} px: ${guilty.join(' | ')}` });
  }
  // What the CSP of the page forbids to the page is not forbidden to its debugger.
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'] }));
  for (const violation of violations) found.push({ kind: `axe ${violation.id}`, what: violation.nodes.slice(0, 3).map((n) => `${n.html.slice(0, 160)} ${n.any[0]?.message ?? ''}`).join(' | ') });
  await page.evaluate(() => document.querySelectorAll('details[data-folded]').forEach((d) => { d.open = false; delete d.dataset.folded; }));
  return found;
}

/** The same in light and dark, on a phone and on a desk, with where it was found. */
export async function lookAllRound(page) {
  const found = [];
  const before = { size: page.viewportSize(), colorScheme: await page.evaluate(() => (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light')) };
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    for (const width of [390, 1280]) {
      await page.setViewportSize({ width, height: 900 });
      for (const one of await look(page)) found.push({ colorScheme, width, ...one });
    }
  }
  await page.emulateMedia({ colorScheme: before.colorScheme, reducedMotion: null });
  await page.setViewportSize(before.size);
  return found;
}
