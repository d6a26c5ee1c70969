// What the pages do beyond forms and links: they stay up to date, and they ask authenticators.

const news = document.getElementById('news');

// ---- staying up to date: the server says that something changed, and the page asks for itself anew ----------------------

const live = () => document.getElementById('live');

// As the server sent it, before anything here added to it.
let shown = live()?.innerHTML;

function follow() {
  const kinds = live().dataset.live.split(' ');
  const source = new EventSource('/ui/events');
  source.addEventListener('change', async (event) => {
    if (!event.data.split(' ').some((kind) => kinds.includes(kind)) || live().contains(document.activeElement?.closest('form'))) return;
    const answer = await fetch(location.href, { headers: { accept: 'text/html' } });
    if (answer.redirected) { location.reload(); return; }
    const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html').getElementById('live');
    if (!fresh || fresh.innerHTML === shown) return;
    shown = fresh.innerHTML;
    live().replaceWith(fresh);
    count(); relate();
    news.textContent = fresh.dataset.count ? `${fresh.dataset.count} waiting` : 'Updated';
  });
}

const title = document.title;
function count() {
  const waiting = Number(live()?.dataset.count ?? 0);
  document.title = waiting > 0 ? `(${waiting}) ${title}` : title;
}

if (live()) { follow(); count(); }

// ---- times: how long from now ----------------------------------------------------------------------------------------------

function relate() {
  const words = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
  for (const time of document.querySelectorAll('time')) {
    const seconds = (new Date(time.dateTime) - Date.now()) / 1000;
    const [unit, size] = [['day', 86400], ['hour', 3600], ['minute', 60]].find(([, s]) => Math.abs(seconds) >= s) ?? ['second', 1];
    const relative = words.format(Math.trunc(seconds / size), unit);
    // Of what waits, what a person asks first: how long ago, how long yet. The moment itself is one hover away.
    if (time.closest('.queue')) { if (!time.title) time.title = time.textContent; time.textContent = relative; } else time.title = relative;
  }
}
relate();

// ---- passkeys ---------------------------------------------------------------------------------------------------------------

const supported = 'PublicKeyCredential' in window && 'parseRequestOptionsFromJSON' in PublicKeyCredential;

async function ask(path, form) {
  const body = new URLSearchParams({ csrf: form.elements.csrf?.value ?? '', decision: form.elements.decision?.value ?? '', statement_sha256: form.elements.statement_sha256?.value ?? '' });
  const answer = await fetch(path, { method: 'POST', body });
  const json = await answer.json();
  if (!answer.ok) throw new Error(`${json.title} ${json.remedy}`);
  return json;
}

async function sign(path, form) {
  const question = await ask(path, form);
  const credential = await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(question.public_key) });
  form.elements.passkey_state.value = question.state;
  form.elements.passkey_credential.value = JSON.stringify(credential.toJSON());
}

async function make(path, form) {
  const question = await ask(path, form);
  const credential = await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(question.public_key) });
  form.elements.key_state.value = question.state;
  form.elements.key_credential.value = JSON.stringify(credential.toJSON());
}

function say(form, error) {
  const place = form.querySelector('.trouble');
  place.textContent = error.name === 'NotAllowedError' ? 'The passkey was not used: it was cancelled, took too long, or did not verify you. Try again.'
    : error.name === 'InvalidStateError' ? 'This device has a passkey for you already.' : error.message;
  place.hidden = false;
}

async function busy(form, work) {
  const buttons = [...form.querySelectorAll('button')];
  for (const button of buttons) button.disabled = true;
  try {
    if (!supported) throw new Error('This browser cannot use passkeys here. Use your passphrase, or another browser.');
    await work();
    form.submit();
  } catch (error) {
    say(form, error);
    for (const button of buttons) button.disabled = false;
  }
}

for (const button of document.querySelectorAll('button[data-passkey]')) {
  button.addEventListener('click', () => {
    const form = button.form;
    const enrol = form.dataset.enrol;
    if (!form.reportValidity()) return;
    // A new key is made first, then vouched for by one that is there.
    busy(form, async () => { if (enrol) await make(enrol, form); await sign(button.dataset.passkey, form); });
  });
}

for (const form of document.querySelectorAll('form[data-enrol]')) {
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    busy(form, () => make(form.dataset.enrol, form));
  });
}

// ---- once is enough ---------------------------------------------------------------------------------------------------------

for (const form of document.querySelectorAll('form[method=post]:not([data-enrol])')) {
  form.addEventListener('submit', () => setTimeout(() => form.querySelectorAll('button').forEach((b) => { b.disabled = true; })));
}

// ---- tables wider than the screen: that there is more of them --------------------------------------------------------------------

for (const table of document.querySelectorAll('.scroll')) {
  const tell = () => table.classList.toggle('more', table.scrollLeft + table.clientWidth < table.scrollWidth - 1);
  table.addEventListener('scroll', tell, { passive: true });
  new ResizeObserver(tell).observe(table);
}

// ---- lines for a terminal -----------------------------------------------------------------------------------------------------

for (const command of document.querySelectorAll('.command')) {
  if (!navigator.clipboard) break;
  const button = Object.assign(document.createElement('button'), { type: 'button', className: 'second', textContent: 'Copy' });
  button.addEventListener('click', async () => {
    await navigator.clipboard.writeText(command.querySelector('pre, code').textContent);
    button.textContent = 'Copied';
    if (news) news.textContent = 'Copied';
  });
  command.append(button);
}
