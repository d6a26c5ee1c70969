// The npm package `mlflow`, as it is installed, before the server whose address and token are the first line. The package has classes
// for experiments, runs, metrics and artifacts, and none for the registry: what it says of a registry goes through the request that
// those classes are made of. Then line by line: {"method", "path", "args"}, or {"call": [class, function, args]} for one of its own.
import { createInterface } from 'node:readline';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const MLflow = require('mlflow');
const { MLflowBase } = require('mlflow/lib/mlflow');
const answer = console.log;
// It writes what it sends to stdout, which is for answers here.
console.log = console.error;

class Registry extends MLflowBase {
  // As the package's own classes have one each.
  path = '';

  ask(method, path, args) {
    return this.req(method, path, args);
  }
}

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const { url, token } = JSON.parse((await lines.next()).value);
const reached = { endpoint: url.replace(/\/$/, ''), headers: { Authorization: `Bearer ${token}` } };

for await (const line of lines) {
  const { method, path, args, call } = JSON.parse(line);
  try {
    const said = call ? await new MLflow(reached)[call[0]][call[1]](call[2]) : await new Registry(reached).ask(method, path, args);
    answer(JSON.stringify({ value: said }));
  } catch (e) {
    // Its errors are texts, of an error that is a text, with what came back as JSON within.
    answer(JSON.stringify({ error: JSON.parse(e.message.slice(e.message.indexOf('{'))) }));
  }
}
