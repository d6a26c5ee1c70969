import { RegistryError } from './errors.js';
import { ConnectionCut, type Line, pause } from './line.js';
import type { Hasher } from './sha256.js';

/** Called with a file's path in the version, the bytes that have arrived or are on their way, and those it has. */
export type Progress = (path: string, done: number, total: number) => void;

/** A content that can be read more than once: to be hashed, then to be sent, and to be gone on with after a cut. */
export interface Source {
  readonly size: number;
  /** The bytes from one place to another, piece by piece. */
  read(from: number, to: number): AsyncIterable<Uint8Array>;
  /** The same as the body of a request. */
  body(from: number, to: number, sent: (bytes: number) => void): BodyInit;
  /** Whether `body` tells how it goes: then all the rest is one request. Else requests grow, from 16 MiB on, and each is a step. */
  readonly tells: boolean;
}

/** What can be registered. A stream can be read only once: it is gathered first, by the browser as it sees fit. */
export type Content = Source | Blob | ArrayBuffer | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>;

const FIRST_STEP = 16 * 1024 * 1024;
const ASK_FIRST = 1024 * 1024;

export async function sourceOf(content: Content): Promise<Source> {
  if (content instanceof ReadableStream) return new BlobSource(await new Response(content as ReadableStream<Uint8Array<ArrayBuffer>>).blob());
  if (content instanceof Blob) return new BlobSource(content);
  if (content instanceof ArrayBuffer || content instanceof Uint8Array) return new BlobSource(new Blob([content]));
  return content;
}

class BlobSource implements Source {
  readonly size: number;
  readonly tells = false;

  constructor(private readonly blob: Blob) {
    this.size = blob.size;
  }

  async *read(from: number, to: number): AsyncGenerator<Uint8Array> {
    const reader = this.blob.slice(from, to).stream().getReader();
    for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
  }

  body(from: number, to: number): BodyInit {
    return this.blob.slice(from, to);
  }
}

export async function digestOf(source: Source, hasher: Hasher, signal?: AbortSignal): Promise<string> {
  for await (const piece of source.read(0, source.size)) {
    signal?.throwIfAborted();
    hasher.update(piece);
  }
  return hasher.hex();
}

/** Sends a content unless the server has it. It goes on after cuts as long as any byte arrives between them. */
export async function put(line: Line, path: string, source: Source, sha256: string, progress?: Progress, signal?: AbortSignal): Promise<void> {
  const target = `/blobs/${sha256}`;
  let failures = 0;
  let furthest = -1;
  let step = FIRST_STEP;
  let asked = source.size <= ASK_FIRST;
  for (;;) {
    const there = await line.ask('HEAD', target, { again: true, accept: [200, 404], signal });
    if (there.status === 200) break;
    const said = there.headers.get('Upload-Offset');
    if (said === null || !/^\d+$/.test(said)) throw await line.problem(there);
    const offset = Number(said) <= source.size ? Number(said) : 0;
    if (offset > furthest) [failures, furthest] = [0, offset];
    // A long body cannot be broken off by a no that anybody hears: fetch only says that the connection ended. So an empty one asks.
    const to = !asked ? offset : source.tells ? source.size : Math.min(source.size, offset + step);
    const ranged = to < source.size || offset > 0 || !asked;
    let why: RegistryError;
    let later: string | null = null;
    try {
      const answer = await line.once('PUT', target, {
        body: () => (to === offset ? new Uint8Array(0) : source.body(offset, to, bytes => progress?.(path, offset + bytes, source.size))),
        headers: { 'Content-Type': 'application/octet-stream', ...(ranged ? { 'Content-Range': `bytes ${offset}-${to > offset ? to - 1 : ''}/${source.size}` } : {}) },
        wait: Infinity,
        signal,
      });
      if (answer.status === 201) break;
      if (answer.status === 202) {
        await answer.body?.cancel();
        if (asked) {
          progress?.(path, to, source.size);
          step *= 2;
        }
        asked = true;
        continue;
      }
      later = answer.headers.get('Retry-After');
      why = await line.problem(answer);
      // Busy: the server has not noticed yet that the one before was cut. Another offset: it is asked for anew.
      if (answer.status !== 429 && answer.status !== 503 && !['upload_busy', 'upload_offset'].includes(why.code)) throw why;
    } catch (cut) {
      if (!(cut instanceof ConnectionCut)) throw cut;
      why = line.lost(cut);
    }
    if (failures >= line.retries) throw why;
    await pause(failures++, later, signal);
  }
  progress?.(path, source.size, source.size);
}
