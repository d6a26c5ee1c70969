import { check, fetchFile, streamOf } from './download.js';
import { RegistryError } from './errors.js';
import { Line, pause, segment } from './line.js';
import { type Cancellable, Metadata, newKey, once, type Reference } from './metadata.js';
import { segments } from './paths.js';
import { type Hasher, Sha256 } from './sha256.js';
import { type Content, digestOf, type Progress, put, sourceOf } from './upload.js';
import { isParked } from './views.js';
import type { Comparison, Deployment, FileView, ModelInfo, ModelView, Promotion, Registered, Serving, ServingPeriod, Target, VersionDetail, VersionView } from './views.js';

export interface RegistryOptions {
  /** Such as `https://registry.example.org`. */
  url: string;
  /** A bearer token of an agent or a service. It goes to this server only, never over plain http to another machine. */
  token?: string | undefined;
  /** How often in a row a request is sent again that may be. Default: 6. */
  retries?: number;
  /** Milliseconds until an answer must have begun. Default: 60,000. */
  timeout?: number;
  /** In place of the global one. */
  fetch?: typeof fetch;
  /** In place of the SHA-256 of this package; see `modelregistry-client/node`. */
  hasher?: () => Hasher;
}

/** What models and versions are found by. Stage, tags and bounds are held against one and the same version. */
export interface Search extends Cancellable {
  stage?: string;
  /** `key` or `key:value`, of the model or a version; several must all hold. `framework:NAME` is a framework too. */
  tag?: string | readonly string[];
  /** What metrics must have at least, such as `{ accuracy: 0.9 }`. */
  atLeast?: Record<string, number>;
  /** What they may have at most, such as `{ latency_ms: 50 }`. */
  atMost?: Record<string, number>;
}

/** What is known about a new version, and about its model where that is new. */
export interface Registration extends Cancellable {
  /** The files by their paths in the version; or files of the browser, by their own names. */
  files: Record<string, Content> | readonly File[];
  /** A label such as `v7` or `1.2.0`; left out, the next one is given. */
  version?: string;
  bump?: 'major' | 'minor' | 'patch';
  metrics?: Record<string, number>;
  tags?: Record<string, string>;
  progress?: Progress;
  /** Sent again with the same key and content, it gives the version that is there already. Left out, each call has one of its own, for its own retries. */
  idempotencyKey?: string;
  /** Further members: `description`, `model_type`, `owner`, `format`, `framework`, `dataset`, `code_commit`, `hyperparameters`, `dependencies`, `signature`, `lineage`, `release_notes`, `card`, `run_id`, `alias`, `versioning`. */
  metadata?: Record<string, unknown>;
}

// The longest wait of one request, in seconds.
const WAIT = 50;
// How long a server may be away while a decision is waited for, in milliseconds.
const OUTAGE = 300_000;

/** One registry. */
export class Registry extends Metadata {
  protected readonly line: Line;
  private readonly hasher: () => Hasher;

  constructor(options: RegistryOptions) {
    super();
    this.line = new Line({ url: options.url, token: options.token, retries: options.retries ?? 6, timeout: options.timeout ?? 60_000, fetch: options.fetch ?? ((input, init) => globalThis.fetch(input, init)) });
    this.hasher = options.hasher ?? (() => new Sha256());
  }

  // Looking

  /** Every model, by name, a page at a time as it is walked. */
  models(filter: { search?: string; model_type?: string; is_active?: boolean | 'any' } & Search = {}): AsyncGenerator<ModelView> {
    return this.pages('/models', bounded(filter));
  }

  /** Every version of a model, newest first, a page at a time as it is walked. */
  versions(name: string, filter: { status?: string; is_default?: boolean } & Search = {}): AsyncGenerator<VersionView> {
    return this.pages(`/models/${segment(name)}/versions`, bounded(filter));
  }

  /** A model with one of its versions in full; without one named, the default. */
  getModel(name: string, version?: Reference, options: Cancellable = {}): Promise<ModelInfo> {
    return this.get(`/models/${segment(name)}`, { version }, options);
  }

  /** Metrics of several versions side by side, with their differences to the first one named and what is better. */
  compare(name: string, versions: readonly Reference[], options: Cancellable = {}): Promise<Comparison> {
    return this.get(`/models/${segment(name)}/compare`, { versions: versions.join(',') }, options);
  }

  /** What serves a stage now, or at a time. With `wait` (seconds) and what is `known`, it waits for something else; `known` comes back, the same object, when nothing changed. */
  async serving(name: string, options: { stage?: string; at?: string; wait?: number; known?: Serving } & Cancellable = {}): Promise<Serving> {
    const { known, at, signal } = options;
    const until = Date.now() + (options.wait ?? 0) * 1000;
    for (;;) {
      const wait = options.wait && !at ? Math.floor(Math.min(WAIT, Math.max(0, (until - Date.now()) / 1000))) : 0;
      const { answer, value } = await this.line.whole<Omit<Serving, 'etag'>>('GET', `/models/${segment(name)}/serving`, {
        query: { stage: options.stage, at, wait: wait || undefined },
        headers: known && at === undefined ? { 'If-None-Match': known.etag } : {},
        again: true,
        wait,
        signal,
      });
      if (answer.status !== 304) return { ...value, etag: answer.headers.get('ETag') ?? '' };
      if (known && Date.now() + 1000 > until) return known;
    }
  }

  /** What serves, and what serves next, and so on until the signal says to stop. A server that is away is waited for. */
  async *watchServing(name: string, options: { stage?: string } & Cancellable = {}): AsyncGenerator<Serving> {
    let known: Serving | undefined;
    for (let away = 0; ; ) {
      try {
        const next: Serving = await this.serving(name, { ...options, wait: WAIT, ...(known ? { known } : {}) });
        away = 0;
        if (next !== known) yield next;
        known = next;
      } catch (e) {
        if (!isOutage(e)) throw e;
        await pause(Math.min(away++, 7), null, options.signal);
      }
    }
  }

  /** What served when, and who approved it, newest first. */
  history(name: string, filter: { at?: string } & Cancellable = {}): AsyncGenerator<ServingPeriod> {
    return this.pages(`/models/${segment(name)}/history`, filter);
  }

  // Bringing in

  createModel(name: string, known: { description?: string; model_type?: string; owner?: string; tags?: Record<string, string>; versioning?: 'auto' | 'semver' } = {}, options: Cancellable = {}): Promise<ModelInfo> {
    return this.line.json('POST', '/models', { json: { name, ...known }, ...once(), ...options });
  }

  /** Registers a version with its files, each hashed, then sent unless the registry has it. The model is made where it is not there yet. */
  async registerModel(name: string, wish: Registration): Promise<Registered> {
    const { signal, progress } = wish;
    const named: [string, Content][] = Array.isArray(wish.files) ? (wish.files as readonly File[]).map(f => [f.webkitRelativePath || f.name, f]) : Object.entries(wish.files as Record<string, Content>);
    const files: { path: string; sha256: string }[] = [];
    if (named.length === 0) throw new RegistryError('invalid_arguments', 'No file was named.', { remedy: 'A version has at least one.' });
    for (const [path] of named) segments(path);
    for (const [path, content] of named) {
      const source = await sourceOf(content);
      const sha256 = await digestOf(source, this.hasher(), signal);
      await put(this.line, path, source, sha256, progress, signal);
      files.push({ path, sha256 });
    }
    const said = Object.fromEntries(Object.entries({ ...wish.metadata, version: wish.version, bump: wish.bump, metrics: wish.metrics, tags: wish.tags }).filter(([, value]) => value !== undefined));
    return this.line.json('POST', `/models/${segment(name)}/versions`, { json: { ...said, files }, ...once(wish.idempotencyKey), signal });
  }

  // Moving

  /** Moves a version to a stage, or asks for it: a governed stage parks the promotion until a person decides (`isParked`), and no token decides. What a gate stops is thrown as `blocked`, with the report in the error's `promotion`. */
  promote(name: string, version: Reference, stage: string, options: { reason?: string; idempotencyKey?: string } & Cancellable = {}): Promise<Promotion> {
    const json = { stage, reason: options.reason, idempotency_key: options.idempotencyKey ?? newKey() };
    return this.line.json('POST', `/models/${segment(name)}/versions/${segment(version)}/promotions`, { json, again: true, signal: options.signal });
  }

  /** Back to what served before, or to a version that once did. It waits for a person where the stage is governed. */
  rollback(name: string, options: { toVersion?: Reference; stage?: string; reason?: string; idempotencyKey?: string } & Cancellable = {}): Promise<Promotion> {
    const json = { to_version: options.toVersion, stage: options.stage, reason: options.reason, idempotency_key: options.idempotencyKey ?? newKey() };
    return this.line.json('POST', `/models/${segment(name)}/rollback`, { json, again: true, signal: options.signal });
  }

  promotion(id: string, options: Cancellable = {}): Promise<Promotion> {
    return this.get(`/promotions/${segment(id)}`, {}, options);
  }

  /** Promotions, newest first; `status` is one of theirs, `live` or `all`. */
  promotions(filter: { status?: string; model?: string } & Cancellable = {}): AsyncGenerator<Promotion> {
    return this.pages('/promotions', filter);
  }

  /** Waits until a person has decided and it is applied, or it is over otherwise. After `timeout` seconds it comes back as it stands. A server that is away for less than five minutes is waited for, too. */
  async waitForDecision(id: string, options: { timeout?: number } & Cancellable = {}): Promise<Promotion> {
    const until = options.timeout === undefined ? Infinity : Date.now() + options.timeout * 1000;
    for (let heard = Date.now(); ; ) {
      const wait = Math.floor(Math.min(WAIT, Math.max(0, (until - Date.now()) / 1000)));
      try {
        const seen = await this.get<Promotion>(`/promotions/${segment(id)}`, { wait }, options, wait);
        heard = Date.now();
        if (!isParked(seen) || heard + 1000 > until) return seen;
      } catch (e) {
        if (!isOutage(e) || Date.now() > Math.min(until, heard + OUTAGE)) throw e;
        await pause(4, null, options.signal);
      }
    }
  }

  /** Takes back a promotion that this token, or another of its owner's, asked for. */
  withdraw(id: string, options: { reason?: string } & Cancellable = {}): Promise<Promotion> {
    return this.line.json('POST', `/promotions/${segment(id)}/withdraw`, { json: { reason: options.reason }, signal: options.signal });
  }

  // Fetching

  /** The files of a version. Each `stream` goes on after a cut, and ends without an error only when it is what was registered, byte for byte. */
  async *download(name: string, version: Reference = 'default', options: { digest?: string; progress?: Progress } & Cancellable = {}): AsyncGenerator<{ file: FileView; version: VersionDetail; stream: ReadableStream<Uint8Array> }> {
    const { found, files } = await this.filesOf(name, version, options);
    for (const file of files) yield { file, version: found, stream: streamOf(fetchFile(this.line, name, found.number, file, this.hasher(), options.progress, options.signal)) };
  }

  /** The files of a version, held against its digest; by number from here on, since a label or alias may be another version's by then. */
  protected async filesOf(name: string, version: Reference, options: { digest?: string } & Cancellable): Promise<{ found: VersionDetail; files: FileView[] }> {
    const { version: found } = await this.getModel(name, version, options);
    if (found === null) throw new RegistryError('version_not_found', `'${name}' has no version yet.`, { status: 404 });
    if (options.digest !== undefined && options.digest !== found.digest) throw new RegistryError('digest_mismatch', `Version ${found.version} of '${name}' is not the one that was asked for.`, { remedy: 'Ask what serves once more.' });
    const { items } = await this.get<{ items: FileView[] }>(`/models/${segment(name)}/versions/${found.number}/files`, {}, options);
    check(items, found.digest);
    return { found, files: items };
  }

  protected newHasher(): Hasher {
    return this.hasher();
  }

  // Deployments

  /** Asks for a version on a target that the policy declares: a promotion to the stage that the target requires, parked where that is governed. `deployedBy` is kept as a claim. */
  deploy(modelName: string, version: Reference, target: string, options: { deployedBy?: string; config?: Record<string, unknown>; reason?: string; idempotencyKey?: string } & Cancellable = {}): Promise<Promotion> {
    const json = { model_name: modelName, version: String(version), deployment_target: target, deployed_by: options.deployedBy, deployment_config: options.config, reason: options.reason, idempotency_key: options.idempotencyKey ?? newKey() };
    return this.line.json('POST', '/deploy', { json, again: true, signal: options.signal });
  }

  /** Takes a version off a target that no gate guards. Where one does, a rollback or another deployment does it, with a person. */
  stopDeployment(id: string, options: { reason?: string } & Cancellable = {}): Promise<Deployment> {
    return this.line.json('POST', `/deployments/${segment(id)}/stop`, { json: { reason: options.reason }, ...once(), signal: options.signal });
  }

  /** What is to run where, and was, newest first. */
  deployments(filter: { model?: string; target?: string; status?: Deployment['status'] } & Cancellable = {}): AsyncGenerator<Deployment> {
    return this.pages('/deployments', filter);
  }

  /** Tells what runs on a target. Nothing moves by it; who looks sees whether it is what is wanted. */
  observed(modelName: string, target: string, version: Reference, options: { status?: 'starting' | 'running' | 'failed' | 'stopped'; message?: string; instance?: string } & Cancellable = {}): Promise<Deployment> {
    const { signal, ...said } = options;
    return this.line.json('POST', '/deployments/observed', { json: { model_name: modelName, deployment_target: target, version: String(version), ...said }, again: true, signal });
  }

  /** The targets that the policy declares. */
  async targets(options: Cancellable = {}): Promise<Target[]> {
    return (await this.get<{ items: Target[] }>('/targets', {}, options)).items;
  }
}

function isOutage(e: unknown): boolean {
  return e instanceof RegistryError && ['connection_lost', 'storage_unavailable'].includes(e.code);
}

/** `min_accuracy=0.9`, `max_latency_ms=50`. */
function bounded({ atLeast, atMost, ...filter }: Search): Cancellable {
  const bounds = Object.entries({ min: atLeast, max: atMost }).flatMap(([end, of]) => Object.entries(of ?? {}).map(([metric, value]) => [`${end}_${metric}`, value] as const));
  return { ...filter, ...Object.fromEntries(bounds) };
}
