import { RegistryError } from './errors.js';
import { ConnectionCut, type Line, pause, segment } from './line.js';
import { segments } from './paths.js';
import { type Hasher, Sha256 } from './sha256.js';
import type { Progress } from './upload.js';
import type { FileView } from './views.js';

/** SHA-256 over the canonical JSON (RFC 8785) of every file's path, digest and size, in order of path: what a person approves, and what `serving` names. */
export function manifestDigest(files: readonly FileView[]): string {
  const entries = [...files].sort((a, b) => (a.path < b.path ? -1 : 1)).map(f => ({ path: f.path, sha256: f.sha256, size: f.size_bytes }));
  const hash = new Sha256();
  hash.update(new TextEncoder().encode(JSON.stringify(entries)));
  return hash.hex();
}

/** That these are the files of that digest, each at a path that may be written. */
export function check(files: readonly FileView[], digest: string): void {
  for (const file of files) {
    segments(file.path);
    if (!/^[0-9a-f]{64}$/.test(file.sha256) || !Number.isSafeInteger(file.size_bytes) || file.size_bytes < 0)
      throw new RegistryError('answer_unreadable', 'The list of files is not as it should be.', { remedy: 'Tell whoever runs the registry.' });
  }
  if (manifestDigest(files) !== digest)
    throw new RegistryError('digest_mismatch', "The list of files is not the one that the version's digest stands for.", { remedy: 'Nothing was kept. Tell whoever runs the registry.' });
}

/** A file piece by piece, gone on with after a cut. It ends without an error only when it is what was registered. */
export async function* fetchFile(line: Line, model: string, number: number, file: FileView, digest: Hasher, progress?: Progress, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  const address = `/models/${segment(model)}/versions/${number}/files/${segments(file.path).map(encodeURIComponent).join('/')}`;
  let at = 0;
  let failures = 0;
  for (let done = false; !done; ) {
    const before = at;
    let why: RegistryError;
    let later: string | null = null;
    try {
      const answer = await line.once('GET', address, { headers: { Accept: 'application/octet-stream', ...(at > 0 ? { Range: `bytes=${at}-`, 'If-Range': `"${file.sha256}"` } : {}) }, signal });
      if (answer.status === 429 || answer.status === 503) {
        later = answer.headers.get('Retry-After');
        why = await line.problem(answer);
      } else {
        if (at > 0 && answer.status === 200) throw new RegistryError('digest_mismatch', `${file.path} became another file while it was fetched.`);
        if (answer.status !== (at > 0 ? 206 : 200)) throw await line.problem(answer);
        // A page of another site may not see this header; the digest tells in the end.
        const range = answer.headers.get('Content-Range');
        if (at > 0 && range !== null && !range.startsWith(`bytes ${at}-`)) throw new RegistryError('answer_unreadable', 'The server sent another part than the one asked for.');
        const reader = answer.body!.getReader();
        try {
          for (;;) {
            const next = await reader.read().catch(cut => {
              signal?.throwIfAborted();
              throw new ConnectionCut(cut instanceof Error ? cut.name : 'cut');
            });
            if (next.done) break;
            if (at + next.value.length > file.size_bytes) throw new RegistryError('digest_mismatch', `${file.path} is longer than what was registered.`);
            at += next.value.length;
            digest.update(next.value);
            progress?.(file.path, at, file.size_bytes);
            yield next.value;
          }
        } finally {
          await reader.cancel().catch(() => undefined);
        }
        if (at === file.size_bytes) {
          done = true;
          continue;
        }
        why = new RegistryError('connection_lost', `${file.path} broke off at byte ${at} of ${file.size_bytes}.`, { remedy: 'See that the server runs and can be reached.' });
      }
    } catch (cut) {
      if (!(cut instanceof ConnectionCut)) throw cut;
      why = line.lost(cut);
    }
    if (at > before) failures = 0;
    if (failures >= line.retries) throw why;
    await pause(failures++, later, signal);
  }
  if (digest.hex() !== file.sha256) throw new RegistryError('digest_mismatch', `${file.path} is not what was registered.`, { remedy: 'Keep nothing of it. Try again; then have the log verified where the registry is.' });
}

/** A stream of what an iteration gives; leaving it leaves the iteration. */
export function streamOf(pieces: AsyncGenerator<Uint8Array>): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const next = await pieces.next();
        if (next.done) controller.close();
        else controller.enqueue(next.value);
      } catch (e) {
        controller.error(e);
      }
    },
    async cancel() {
      await pieces.return(undefined);
    },
  });
}
