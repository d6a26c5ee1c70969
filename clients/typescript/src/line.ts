import { RegistryError, RevisionChanged } from './errors.js';

/** The connection ended before the answer did. */
export class ConnectionCut extends Error {}

export interface LineOptions {
  url: string;
  token?: string | undefined;
  retries: number;
  timeout: number;
  fetch: typeof fetch;
}

export interface Ask {
  query?: Record<string, unknown>;
  /** One JSON object. */
  json?: unknown;
  body?: BodyInit | (() => BodyInit);
  headers?: Record<string, string>;
  /** It may be sent twice: it reads, or the server knows it by its key. */
  again?: boolean;
  accept?: readonly number[];
  /** Seconds that the server itself may take, on top of the timeout; infinite for long bodies. */
  wait?: number;
  signal?: AbortSignal | undefined;
}

const ACCEPTED: readonly number[] = [200, 201, 202, 304];
const LONGEST_PAUSE = 30_000;

/** The way to one server: requests one at a time, with retries where a request may be sent again. */
export class Line {
  readonly shown: string;
  readonly retries: number;
  // A private field: it is in no JSON, no console.log and no copy of this object.
  readonly #token: string | undefined;
  readonly #fetch: typeof fetch;
  readonly #timeout: number;

  constructor(options: LineOptions) {
    const { url, token } = options;
    let address: URL;
    try {
      address = new URL(url);
    } catch {
      throw new RegistryError('invalid_arguments', 'The address of the server is none.', { remedy: 'Give one like https://registry.example.org.' });
    }
    if (!/^https?:$/.test(address.protocol) || address.username || address.password || address.search || address.hash)
      throw new RegistryError('invalid_arguments', 'The address must be like https://registry.example.org, without a name, password or query in it.');
    if (token !== undefined && !/^[A-Za-z0-9._~+/=-]+$/.test(token))
      throw new RegistryError('invalid_arguments', 'The token has characters that no token has.', { remedy: 'Look for blanks and line breaks around it.' });
    if (token !== undefined && address.protocol === 'http:' && !/^(localhost|127(\.\d+){3}|\[::1\])$/.test(address.hostname))
      throw new RegistryError('token_needs_tls', `The token would go over plain http to ${address.hostname}, for everybody on the way to read.`, { remedy: 'Use https; plain http is for this machine only.' });
    this.shown = address.href.replace(/\/+$/, '');
    this.retries = options.retries;
    this.#token = token;
    this.#timeout = options.timeout;
    this.#fetch = options.fetch;
  }

  /** Sends a request and gives its answer; any status but those accepted is thrown. */
  async ask(method: string, path: string, ask: Ask = {}): Promise<Response> {
    for (let tried = 0; ; tried++) {
      let answer: Response | undefined;
      try {
        answer = await this.once(method, path, ask);
        if ((ask.accept ?? ACCEPTED).includes(answer.status)) return answer;
      } catch (cut) {
        if (!(cut instanceof ConnectionCut) || !ask.again || tried >= this.retries) throw cut instanceof ConnectionCut ? this.lost(cut, ask.again) : cut;
      }
      // What came too often is turned away before anything is done, so that any request may be sent again.
      if (answer && (!(answer.status === 429 || (answer.status === 503 && ask.again)) || tried >= this.retries)) throw await this.problem(answer);
      const later = answer?.headers.get('Retry-After') ?? null;
      await answer?.body?.cancel();
      await pause(tried, later, ask.signal);
    }
  }

  /** The JSON of an answer. */
  async json<T>(method: string, path: string, ask: Ask = {}): Promise<T> {
    return (await this.whole<T>(method, path, ask)).value;
  }

  /** An answer with its JSON, asked for again when it breaks off on the way and may be. Of a 304 there is none. */
  async whole<T>(method: string, path: string, ask: Ask = {}): Promise<{ answer: Response; value: T }> {
    for (let tried = 0; ; tried++) {
      const answer = await this.ask(method, path, ask);
      let text: string;
      try {
        text = await answer.text();
      } catch (e) {
        ask.signal?.throwIfAborted();
        if (!ask.again || tried >= this.retries) throw this.lost(e, ask.again);
        await pause(tried, null, ask.signal);
        continue;
      }
      try {
        return { answer, value: (answer.status === 304 ? undefined : JSON.parse(text)) as T };
      } catch {
        throw new RegistryError('answer_unreadable', 'The answer is not JSON.', { remedy: 'See that the address is that of a model registry, and what stands before it.', status: answer.status });
      }
    }
  }

  /** Sends a request once. */
  async once(method: string, path: string, ask: Ask): Promise<Response> {
    const headers: Record<string, string> = { Accept: 'application/json', ...ask.headers };
    if (this.#token !== undefined) headers['Authorization'] = `Bearer ${this.#token}`;
    if (ask.json !== undefined) headers['Content-Type'] = 'application/json';
    const body = ask.json !== undefined ? JSON.stringify(ask.json) : typeof ask.body === 'function' ? ask.body() : ask.body;
    const overdue = new AbortController();
    // Until the answer begins; how long its body may take is its reader's to say.
    const timer = ask.wait === Infinity ? undefined : setTimeout(() => overdue.abort(), this.#timeout + (ask.wait ?? 0) * 1000);
    const signal = ask.signal ? AbortSignal.any([ask.signal, overdue.signal]) : overdue.signal;
    // No redirect is followed, and nothing of the browser's goes along: the token is for this server, and says who asks.
    const request: RequestInit & { duplex?: 'half' } = { method, headers, signal, redirect: 'manual', credentials: 'omit', cache: 'no-store', referrerPolicy: 'no-referrer' };
    if (body !== undefined && body !== null) {
      request.body = body;
      if (body instanceof ReadableStream) request.duplex = 'half';
    }
    let answer: Response;
    try {
      answer = await this.#fetch(this.shown + path + query(ask.query), request);
    } catch (e) {
      ask.signal?.throwIfAborted();
      throw e instanceof RegistryError ? e : new ConnectionCut(e instanceof Error ? e.name : 'no answer');
    } finally {
      clearTimeout(timer);
    }
    if (answer.type === 'opaqueredirect' || (answer.status >= 300 && answer.status < 400 && answer.status !== 304))
      throw new RegistryError('redirect_refused', `${this.shown} answers with a redirect, which is not followed: the token is for this server.`, { remedy: 'Give the address that it leads to, if you trust it.', status: answer.status });
    return answer;
  }

  lost(why: unknown, again = true): RegistryError {
    const remedy = again ? 'See that the server runs and can be reached.' : 'It may or may not have been done: look, before you send it again.';
    return new RegistryError('connection_lost', `No whole answer from ${this.shown} (${why instanceof Error ? why.message || why.name : 'cut'}).`, { remedy });
  }

  /** A no, as the server says it (RFC 9457); or as its status says, where there is nothing to read. */
  async problem(answer: Response): Promise<RegistryError> {
    let said: Record<string, unknown> = {};
    try {
      const text = await answer.text();
      const parsed: unknown = JSON.parse(this.#token === undefined ? text : text.replaceAll(this.#token, '…'));
      if (typeof parsed === 'object' && parsed !== null) said = parsed as Record<string, unknown>;
    } catch {
      // Nothing to read: the status says what there is.
    }
    const codes: Record<number, string> = { 401: 'token_required', 403: 'forbidden', 404: 'not_found', 429: 'rate_limited', 503: 'storage_unavailable' };
    return new (answer.status === 412 ? RevisionChanged : RegistryError)(String(said['code'] ?? codes[answer.status] ?? `http_${answer.status}`), String(said['title'] ?? `The server answered ${answer.status}.`), {
      remedy: String(said['remedy'] ?? ''),
      status: answer.status,
      errors: typeof said['errors'] === 'object' && said['errors'] !== null ? (said['errors'] as Record<string, string>) : {},
      promotion: said['promotion'],
    });
  }
}

/** A part of an address. Dots alone would be read as steps by whoever stands on the way. */
export function segment(part: string | number): string {
  const text = String(part);
  if (['', '.', '..'].includes(text.trim())) throw new RegistryError('invalid_arguments', `'${text}' names nothing.`, { remedy: 'Give a name, version or id as the server gives it.' });
  return encodeURIComponent(text);
}

/** As long as the server says, else twice as long each time, a little at random so that not all come at once. */
export async function pause(tried: number, retryAfter: string | null, signal?: AbortSignal): Promise<void> {
  const said = retryAfter === null ? NaN : /^\d+$/.test(retryAfter.trim()) ? Number(retryAfter) * 1000 : Date.parse(retryAfter) - Date.now();
  const time = Number.isNaN(said) ? Math.min(LONGEST_PAUSE, 250 * 2 ** tried) * (0.75 + Math.random() / 2) : Math.min(LONGEST_PAUSE, Math.max(0, said));
  signal?.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const end = (): void => {
      clearTimeout(timer);
      reject(signal!.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', end);
      resolve();
    }, time);
    signal?.addEventListener('abort', end, { once: true });
  });
}

function query(asked: Record<string, unknown> | undefined): string {
  // A list is a parameter that is there several times.
  const said = Object.entries(asked ?? {}).flatMap(([name, value]) => (Array.isArray(value) ? value : [value]).filter(one => one !== undefined && one !== null).map(one => [name, String(one)]));
  return said.length === 0 ? '' : '?' + new URLSearchParams(said);
}
