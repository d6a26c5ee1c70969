/** For Node: files and folders by path, streams through a temporary file, `node:crypto`, and settings of the environment. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, mkdir, mkdtemp, open, readdir, rename, rm, rmdir, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { fetchFile } from './download.js';
import { RegistryError } from './errors.js';
import { segments } from './paths.js';
import type { Cancellable, Reference } from './metadata.js';
import { Registry, type RegistryOptions } from './registry.js';
import type { Hasher } from './sha256.js';
import type { Progress, Source } from './upload.js';
import type { VersionDetail } from './views.js';

export * from './index.js';

/** One registry, reached from Node. Address and token come from `MODELREGISTRY_SERVER` and `MODELREGISTRY_TOKEN` unless they are given. */
export class NodeRegistry extends Registry {
  constructor(options: Partial<RegistryOptions> = {}) {
    super({ hasher: nodeHasher, ...options, url: options.url ?? process.env['MODELREGISTRY_SERVER'] ?? 'http://localhost:8003', token: options.token ?? (process.env['MODELREGISTRY_TOKEN'] || undefined) });
  }

  /** Fetches every file of a version into a folder that is new or empty: all of them, each of the digest that was registered, or none. */
  async downloadTo(folder: string, name: string, version: Reference = 'default', options: { digest?: string; progress?: Progress } & Cancellable = {}): Promise<VersionDetail> {
    const { found, files } = await this.filesOf(name, version, options);
    const target = resolve(folder);
    const there = await lstat(target).catch(() => undefined);
    if (there && (!there.isDirectory() || (await readdir(target)).length > 0)) throw new RegistryError('folder_not_empty', `${target} is there, and is not an empty folder.`, { remedy: 'Name a folder that is new or empty.' });
    await mkdir(dirname(target), { recursive: true });
    // Fresh and this user's alone: no link that somebody left can lead out of it.
    const fresh = await mkdtemp(join(dirname(target), `.${basename(target)}.`));
    try {
      for (const file of files) {
        const place = join(fresh, ...segments(file.path));
        await mkdir(dirname(place), { recursive: true });
        const out = await open(place, 'wx');
        try {
          for await (const piece of fetchFile(this.line, name, found.number, file, this.newHasher(), options.progress, options.signal)) await out.writeFile(piece);
          await out.sync();
        } finally {
          await out.close();
        }
      }
      if (there) await rmdir(target);
      await rename(fresh, target);
    } catch (e) {
      await rm(fresh, { recursive: true, force: true });
      throw e;
    }
    return found;
  }
}

/** Files by their own names, folders with all that is in them by the paths below the folder: what `registerModel` takes as `files`. */
export async function fromPaths(...paths: string[]): Promise<Record<string, Source>> {
  const sources: Record<string, Source> = Object.create(null) as Record<string, Source>;
  const add = async (name: string, file: string): Promise<void> => {
    segments(name);
    if (name in sources) throw new RegistryError('invalid_arguments', `Two files would be called ${name}.`, { remedy: 'Put them into one folder and name that.' });
    sources[name] = new FileSource(file, (await stat(file)).size);
  };
  const walk = async (folder: string, below: string): Promise<void> => {
    for (const entry of (await readdir(folder, { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const [place, name] = [join(folder, entry.name), below + entry.name];
      if (entry.isDirectory()) await walk(place, name + '/');
      // What a link leads to is no part of what was named.
      else if (!entry.isFile()) throw new RegistryError('invalid_arguments', `${place} is a link, or no file.`, { remedy: 'Put the file itself into the folder.' });
      else await add(name, place);
    }
  };
  for (const path of paths) {
    if ((await stat(path)).isDirectory()) await walk(path, '');
    else await add(basename(path), path);
  }
  return sources;
}

/** A stream as something that can be read twice, by way of a temporary file, gone when `done` is called. */
export async function fromStream(stream: AsyncIterable<Uint8Array>): Promise<{ source: Source; done: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'modelregistry-'));
  const done = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    const place = join(folder, 'content');
    const out = await open(place, 'wx');
    try {
      for await (const piece of stream) await out.writeFile(piece);
    } finally {
      await out.close();
    }
    return { source: new FileSource(place, (await stat(place)).size), done };
  } catch (e) {
    await done();
    throw e;
  }
}

class FileSource implements Source {
  readonly tells = true;

  constructor(private readonly file: string, readonly size: number) {}

  async *read(from: number, to: number): AsyncGenerator<Uint8Array> {
    if (to > from) yield* createReadStream(this.file, { start: from, end: to - 1, highWaterMark: 1 << 20 }) as AsyncIterable<Uint8Array>;
  }

  body(from: number, to: number, sent: (bytes: number) => void): BodyInit {
    const pieces = this.read(from, to);
    const file = this.file;
    let done = 0;
    return new ReadableStream<Uint8Array>({
      async pull(controller) {
        const next = await pieces.next();
        if (!next.done) {
          done += next.value.length;
          controller.enqueue(next.value);
          sent(done);
        } else if (done < to - from) {
          controller.error(new RegistryError('file_changed', `${file} became shorter while it was sent.`, { remedy: 'Register it once it is written to its end.' }));
        } else {
          controller.close();
        }
      },
      async cancel() {
        await pieces.return(undefined);
      },
    }) as unknown as BodyInit;
  }
}

function nodeHasher(): Hasher {
  const hash = createHash('sha256');
  return { update: piece => void hash.update(piece), hex: () => hash.digest('hex') };
}
