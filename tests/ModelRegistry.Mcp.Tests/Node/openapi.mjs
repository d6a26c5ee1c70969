// Holds a description of routes, on stdin, against the OpenAPI Specification that it names: {"valid", "version", "errors"}.
import { Validator } from '@seriousme/openapi-schema-validator';

let text = '';
for await (const piece of process.stdin) text += piece;
const validator = new Validator();
const { valid, errors } = await validator.validate(JSON.parse(text));
// A reference that leads nowhere throws.
if (valid) validator.resolveRefs();
console.log(JSON.stringify({ valid, version: validator.version ?? null, errors: errors ?? [] }));
