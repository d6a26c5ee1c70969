// The TypeScript client, called line by line: {"call", "args"} on stdin, {"value"} or {"error"} on stdout. The first line says
// where its compiled modules, the server and the token are. A path among the files of a registration is read from the disk.
import { createInterface } from 'node:readline';

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const { modules, url, token, retries } = JSON.parse((await lines.next()).value);
const { NodeRegistry, RegistryError, fromPaths } = await import(modules);
const registry = new NodeRegistry({ url, token, retries });

async function call(name, args) {
  const progress = [];
  const last = args.at(-1);
  if (last?.paths) Object.assign(last, { files: await fromPaths(...last.paths), paths: undefined });
  if (last?.progress) last.progress = (...step) => progress.push(step);
  if (last?.timeoutMs) last.signal = AbortSignal.timeout(last.timeoutMs);
  const given = registry[name](...args);
  if (typeof given[Symbol.asyncIterator] !== 'function') return { value: (await given) ?? null, progress };
  const items = [];
  for await (const item of given) items.push(item);
  return { value: items, progress };
}

for await (const line of lines) {
  const { call: name, args } = JSON.parse(line);
  try {
    console.log(JSON.stringify(await call(name, args)));
  } catch (e) {
    console.log(JSON.stringify({ error: e instanceof RegistryError ? { type: e.constructor.name, code: e.code, remedy: e.remedy, status: e.status, promotion: e.promotion ?? null } : { code: e.name } }));
  }
}
