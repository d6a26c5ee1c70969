/** A text of the server's as one line without controls: it is shown on terminals and in logs. */
export function plain(text: unknown): string {
  return String(text).replace(/[\p{C}\p{Z}]/gu, ' ').trim();
}

/** What a {@link RegistryError} says beside its message. */
export interface ErrorFacts {
  remedy?: string;
  status?: number;
  errors?: Record<string, string>;
  promotion?: unknown;
}

/**
 * A no, or an outage, with what to do about it. A promotion that waits for a person is no error.
 *
 * Codes of this client itself: `connection_lost`, `token_needs_tls`, `redirect_refused`, `digest_mismatch`, `path_unsafe`,
 * `folder_not_empty`, `file_changed`, `answer_unreadable`, `invalid_arguments`; the server's stand in docs/refusals.md.
 */
export class RegistryError extends Error {
  /** A stable word, such as `model_not_found`. */
  readonly code: string;
  /** What to do next. */
  readonly remedy: string;
  /** The HTTP status; 0 when the server gave no answer. */
  readonly status: number;
  /** Of `invalid_arguments`: what is wrong with which field. */
  readonly errors: Readonly<Record<string, string>>;
  /** Of `blocked` and `promotion_over`: the promotion with its gate report. */
  readonly promotion: unknown;

  constructor(code: string, message: string, facts: ErrorFacts = {}) {
    const errors = Object.fromEntries(Object.entries(facts.errors ?? {}).map(([name, what]) => [plain(name), plain(what)]));
    const remedy = plain(facts.remedy ?? '');
    super([`${code}: ${plain(message)}`, remedy].filter(Boolean).join(' '));
    this.name = 'RegistryError';
    this.code = code;
    this.remedy = remedy;
    this.status = facts.status ?? 0;
    this.errors = errors;
    this.promotion = facts.promotion;
  }
}

/** What was to be changed is no longer as it was when it was looked at (412, `revision_changed`). Nothing was done: look again, and repeat the change with the new revision if it is still wanted. */
export class RevisionChanged extends RegistryError {
  constructor(code: string, message: string, facts: ErrorFacts = {}) {
    super(code, message, facts);
    this.name = 'RevisionChanged';
  }
}
