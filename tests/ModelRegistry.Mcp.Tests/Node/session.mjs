// Drives one client by lines of JSON. In: {"id", "invoke": METHOD OF THE CLIENT, "with": PARAMETERS, "progress": true},
// {"abort": ID} and {"answer": ID, "with": ELICITATION RESULT}. Out: {"id", "result"} or {"id", "error"}, {"ask": ID, "question"},
// {"progress": ID, "report"}, {"updated": URI}.
import { createInterface } from 'node:readline';

const say = message => process.stdout.write(JSON.stringify(message) + '\n');

const questions = new Map();

const events = {
  /** Puts a question to the person: whoever writes the lines. */
  ask: question => new Promise(answered => {
    const id = questions.size + 1;
    questions.set(id, answered);
    say({ ask: id, question });
  }),
  updated: uri => say({ updated: uri }),
};

/** @param open connects as the settings on the command line say; gives `invoke(method, parameters, options)` and `close()`. */
export async function drive(open) {
  const client = await open(JSON.parse(process.argv[2]), events);
  say({ id: 0, result: client.about() });
  const running = new Map();

  const invoke = async ({ id, invoke: method, with: parameters, progress }) => {
    const abort = new AbortController();
    running.set(id, abort);
    const options = { signal: abort.signal };
    if (progress) options.onprogress = report => say({ progress: id, report });
    try {
      say({ id, result: await client.invoke(method, parameters, options) });
    } catch (e) {
      say({ id, error: { name: e.name, code: e.code, message: e.message } });
    } finally {
      running.delete(id);
    }
  };

  for await (const line of createInterface({ input: process.stdin })) {
    const message = JSON.parse(line);
    if (message.abort) running.get(message.abort)?.abort('the test says so');
    else if (message.answer) questions.get(message.answer)(message.with);
    else void invoke(message);
  }
  await client.close();
}

/** What happened before anybody could be told: a line on stdout, and the exit code. */
export const failed = e => {
  say({ id: 0, error: { name: e.name, code: e.code, message: e.message } });
  process.exit(1);
};
