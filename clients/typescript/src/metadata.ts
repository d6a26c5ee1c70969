import { RevisionChanged } from './errors.js';
import { type Ask, type Line, pause, segment } from './line.js';
import type { Card, CardEdit, CardEditDetail, Edited, Evidence, Lineage, Measured, Measurement, NewMeasurement, VersionDetail } from './views.js';

/** A version by number, label, `latest`, `default` or `@alias`. */
export type Reference = string | number;

export interface Cancellable {
  signal?: AbortSignal | undefined;
}

/** Whose: a version's, or the model's where none is named. */
export interface OfVersion extends Cancellable {
  version?: Reference | undefined;
}

export interface Revised extends Cancellable {
  /** What it must still have, as a look or the edit before gave it. If it has changed since, nothing is done and {@link RevisionChanged} is thrown. */
  revision?: string | undefined;
}

/** What is known about models and versions: edits, cards, measurements, lineage, and deleting. */
export abstract class Metadata {
  protected abstract readonly line: Line;

  /**
   * Edits what is known about a model, or about a version where one is named. A tag that is null is taken away; so are the aliases that
   * `remove_aliases` lists, of a model. The answer's `revision` is that of after the edit.
   */
  setMetadata(name: string, fields: Record<string, unknown>, options: OfVersion & Revised = {}): Promise<Edited> {
    return this.line.json('PATCH', at(name, options.version), { json: fields, ...once(undefined, options.revision), signal: options.signal });
  }

  // Cards

  /** The card of a version, or of the model; a version that has none of its own has the model's (`from`). */
  card(name: string, options: OfVersion = {}): Promise<Card> {
    return this.get(`${at(name, options.version)}/card`, {}, options);
  }

  /** Writes a card: Markdown, with YAML front matter where there is any; or makes the text of an earlier `edit` the card again. */
  setCard(name: string, card: string | { edit: string }, options: OfVersion & Revised = {}): Promise<Edited> {
    return this.setMetadata(name, typeof card === 'string' ? { card } : { card_from: card.edit }, options);
  }

  /** The edits of a card, newest first. */
  cardHistory(name: string, options: OfVersion = {}): AsyncGenerator<CardEdit> {
    return this.pages(`${at(name, options.version)}/card/history`, { signal: options.signal });
  }

  /** One edit of a card with its text, and what it changed: against the one before, or against another one. */
  cardEdit(name: string, edit: string, options: { against?: string } & OfVersion = {}): Promise<CardEditDetail> {
    return this.get(`${at(name, options.version)}/card/history/${segment(edit)}`, { against: options.against }, options);
  }

  // Measurements

  /** Records measurements of a version. With `current`, gates look at these values from now on; otherwise they are history, and change nothing that a promotion waits for. */
  measure(name: string, version: Reference, measurements: NewMeasurement | readonly NewMeasurement[], options: { current?: boolean } & Cancellable = {}): Promise<Measured> {
    const json = { measurements: Array.isArray(measurements) ? measurements : [measurements], current: options.current ?? false };
    return this.line.json('POST', `${at(name, version)}/metrics`, { json, ...once(), signal: options.signal });
  }

  /** The measurements of a version, newest recorded first. */
  measurements(name: string, version: Reference, filter: { metric?: string } & Cancellable = {}): AsyncGenerator<Measurement & Required<Pick<Evidence, 'dataset' | 'split'>>> {
    return this.pages(`${at(name, version)}/metrics`, filter);
  }

  // Lineage

  /** What a version comes from, and what was derived from it. */
  lineage(name: string, version: Reference = 'default', options: Cancellable = {}): Promise<Lineage> {
    return this.get(`${at(name, version)}/lineage`, {}, options);
  }

  /**
   * Adds to what a version is said to come from; what was said before stays. `base_model` is a model of the registry (`resnet`,
   * `resnet:3`, `resnet@champion`) or of elsewhere; each of `parents` as well, where a bare label such as `v6` is a version of the same
   * model. It is one edit of what stands there: when somebody else edits the version meanwhile, it is tried again on what they left.
   */
  async addLineage(name: string, version: Reference, added: { base_model?: string; parents?: readonly string[]; datasets?: readonly string[] } & Record<string, unknown>, options: Cancellable = {}): Promise<Edited> {
    const { parents, datasets, ...other } = added;
    for (let attempt = 0; ; attempt++) {
      const found = await this.get<VersionDetail>(at(name, version), {}, options);
      const lineage: Record<string, unknown> = { ...found.lineage, ...other };
      for (const [key, more] of Object.entries({ parents, datasets })) {
        if (!more?.length) continue;
        const there: unknown[] = key in lineage ? (Array.isArray(lineage[key]) ? (lineage[key] as unknown[]) : [lineage[key]]) : [];
        lineage[key] = [...there, ...new Set(more.filter(one => !there.includes(one)))];
      }
      try {
        return await this.setMetadata(name, { lineage }, { version: found.number, revision: found.revision, ...options });
      } catch (e) {
        if (!(e instanceof RevisionChanged) || attempt === 4) throw e;
        await pause(attempt, null, options.signal);
      }
    }
  }

  // Deleting

  /** Deletes a version, by number or label. Both are never given again, and its history stays. What serves, stands on a target, is proposed or has to be kept is not deleted. */
  deleteVersion(name: string, version: Reference, options: { reason?: string } & Revised = {}): Promise<Edited> {
    return this.line.json('DELETE', at(name, version), { query: { reason: options.reason }, ...once(undefined, options.revision), signal: options.signal });
  }

  /** Deletes a model with its versions. Its name becomes free, and its history stays. One that serves a governed stage, or is proposed, is not deleted. */
  deleteModel(name: string, options: { reason?: string } & Revised = {}): Promise<Edited> {
    return this.line.json('DELETE', at(name), { query: { reason: options.reason }, ...once(undefined, options.revision), signal: options.signal });
  }

  protected get<T>(path: string, query: Record<string, unknown>, options: Cancellable, wait = 0): Promise<T> {
    const ask: Ask = { query, again: true, wait, signal: options.signal };
    return this.line.json<T>('GET', path, ask);
  }

  protected async *pages<T>(path: string, { signal, ...filter }: Cancellable): AsyncGenerator<T> {
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const page: { items: T[]; next_cursor: string | null } = await this.get(path, { ...filter, limit: 100, cursor }, { signal });
      yield* page.items;
      cursor = page.next_cursor;
    }
  }
}

/** A request that the server does once, however often it comes: so it may be sent again. With a revision, it must still hold. */
export function once(key?: string, revision?: string): { headers: Record<string, string>; again: true } {
  return { headers: { 'Idempotency-Key': key ?? newKey(), ...(revision === undefined ? {} : { 'If-Match': `"${revision}"` }) }, again: true };
}

/** `crypto.randomUUID` is there in secure contexts only. */
export function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), byte => byte.toString(16).padStart(2, '0')).join('');
}

function at(name: string, version?: Reference): string {
  return `/models/${segment(name)}` + (version === undefined ? '' : `/versions/${segment(version)}`);
}
