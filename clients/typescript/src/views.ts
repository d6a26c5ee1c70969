/** What the server answers with, member for member. A newer server may add members. */

export type Metrics = Record<string, number>;

export interface ModelView {
  name: string;
  description: string;
  task: string;
  latest_version: string | null;
  serving_version: string | null;
  versions: number;
  owner: string;
  tags: Record<string, string>;
  is_active: boolean;
  updated_at: string;
}

export interface FileView {
  path: string;
  size_bytes: number;
  sha256: string;
}

/** A version in a list. */
export interface VersionView {
  version: string;
  number: number;
  stage: string;
  status: string;
  metrics: Metrics;
  format: string;
  serving: boolean;
  deprecated: boolean;
  aliases: string[];
  digest: string;
  size_bytes: number;
  created_at: string;
  created_by: string;
}

/** Everything known about one version. */
export interface VersionDetail extends VersionView {
  version_id: string;
  content_verified: boolean;
  file_count: number;
  files: FileView[];
  framework: string;
  hyperparameters: Record<string, unknown>;
  dataset: string;
  code_commit: string;
  dependencies: string[];
  signature: Record<string, unknown>;
  lineage: Record<string, unknown>;
  release_notes: string;
  card: string;
  tags: Record<string, string>;
  updated_at: string;
  /** Changes with anything else here; an edit that names it is refused when somebody was faster. */
  revision: string;
}

/** A model with one of its versions in full; `version` is null while it has none. */
export interface ModelInfo {
  name: string;
  model_id: string;
  description: string;
  task: string;
  owner: string;
  versioning: string;
  is_active: boolean;
  tags: Record<string, string>;
  aliases: Record<string, string>;
  latest_version: string | null;
  serving_version: string | null;
  versions: number;
  version: VersionDetail | null;
  /** Changes with anything else here; an edit that names it is refused when somebody was faster. */
  revision: string;
}

/** What an edit or a deletion came to. */
export interface Edited {
  model_name: string;
  version: string | null;
  changed: string[];
  /** What an author should look at in the card. */
  warnings?: string[];
  /** Of what was edited, as it is now: the next edit may name it. Missing when it was deleted. */
  revision?: string;
}

/** What recording measurements came to. */
export interface Measured {
  model_name: string;
  version: string;
  recorded: number;
  current: boolean;
  /** The version's, as it is now. */
  revision: string;
}

/** What a metric was measured on, as its author says. */
export interface Evidence {
  dataset?: string;
  split?: string;
  /** RFC 3339. */
  measured_at?: string;
  /** How many samples. */
  count?: number;
  standard_error?: number;
  /** Of a 95 % interval, as `high`. */
  low?: number;
  high?: number;
}

export interface NewMeasurement extends Evidence {
  metric: string;
  value: number;
}

/** One measurement of a version. What its author did not say is missing, or empty. */
export interface Measurement extends NewMeasurement {
  measurement_id: string;
  made_current: boolean;
  recorded_at: string;
  recorded_by: string;
}

/** A card as it was written (`text`) and as it is read. */
export interface Card {
  model_name: string;
  version: string | null;
  /** Whose it is: a version that has none of its own has the model's. */
  from: 'version' | 'model' | 'none';
  sha256: string;
  text: string;
  front_matter: Record<string, unknown>;
  markdown: string;
  problems: { line: number; field: string; what: string; remedy: string }[];
}

/** One edit of a card; `by` and `at` are null where it was written before edits were kept. */
export interface CardEdit {
  edit_id: string;
  sha256: string;
  characters: number;
  by: string | null;
  at: string | null;
}

/** One edit of a card with its text; `difference` has every line of both after a blank, `-` or `+`. */
export interface CardEditDetail {
  model_name: string;
  version: string | null;
  edit: CardEdit;
  against: string | null;
  text: string;
  difference: string[];
}

/** One step of a lineage; `model_name` is null where it leads to something from elsewhere. */
export interface LineageStep {
  kind: string;
  of: string;
  text: string;
  model_name: string | null;
  version: string | null;
  stage: string | null;
  deleted: boolean;
  depth: number;
}

/** What a version comes from and what was derived from it; `truncated` when there is more. */
export interface Lineage {
  model_name: string;
  version: string;
  comes_from: LineageStep[];
  derived: LineageStep[];
  truncated: boolean;
}

export interface MetricComparison {
  metric: string;
  better: 'higher' | 'lower';
  values: (number | null)[];
  deltas: (number | null)[];
  best: string | null;
}

export interface Comparison {
  model_name: string;
  versions: VersionView[];
  metrics: MetricComparison[];
  differences: string[];
  serving_version: string | null;
}

/** What serves a stage; `serving` is false, and the rest null, when nothing does. */
export interface Serving {
  model_name: string;
  serving: boolean;
  version: string | null;
  number: number | null;
  stage: string;
  digest: string | null;
  since: string | null;
  promotion_id: string | null;
  approved_by: string[];
  targets: string[];
  /** What the server calls this answer; a later look names it to hear of changes only. */
  etag: string;
}

/** A time during which one version served a stage; `until` is null while it still does. */
export interface ServingPeriod {
  stage: string;
  version: string;
  number: number;
  digest: string;
  from: string;
  until: string | null;
  promotion_id: string | null;
  requested_by: string;
  approved_by: string[];
  assurance: string | null;
  reason: string;
}

export interface Registered {
  model_name: string;
  model_created: boolean;
  version_id: string;
  version: string;
  number: number;
  stage: string;
  digest: string;
  size_bytes: number;
  files: FileView[];
}

export type PromotionStatus = 'applied' | 'pending' | 'blocked' | 'approved' | 'rejected' | 'withdrawn' | 'expired' | 'superseded' | 'revoked' | 'failed';

export interface Promotion {
  promotion_id: string | null;
  status: PromotionStatus;
  kind: string;
  model_name: string;
  version: string;
  number: number;
  from_stage: string;
  to_stage: string;
  replaces: string | null;
  gates: { rule: string; verdict: string; measured: string; threshold: string }[];
  required: { approvals: { role: string; count: number }[]; assurance: string; four_eyes: boolean } | null;
  missing: string[];
  decisions: { person: string; decision: string; assurance: string; channel: string; comment: string; at: string }[];
  requested_by: string;
  reason: string;
  requested_at: string;
  expires_at: string | null;
  ended_at: string | null;
  approve_url: string | null;
  approve_command: string | null;
  next: string;
}

/** Whether it waits for a person, or for being applied after their yes. */
export function isParked(promotion: Promotion): boolean {
  return promotion.status === 'pending' || promotion.status === 'approved';
}

/** A version on a target that serves it: what is wanted there, and what was last seen running. */
export interface Deployment {
  deployment_id: string;
  model_name: string;
  version: string;
  number: number;
  target: string;
  stage: string;
  status: 'pending' | 'active' | 'replaced' | 'rolled_back' | 'stopped' | 'cancelled';
  configuration: Record<string, unknown>;
  promotion_id: string;
  requested_by: string;
  deployed_by: string | null;
  requested_at: string;
  started_at: string | null;
  ended_at: string | null;
  rollback_at: string | null;
  rollback_reason: string;
  note: string;
  met: boolean | null;
  observed: { version: string; status: string; matches: boolean; message: string; instance: string; reported_by: string; at: string } | null;
}

/** A target that the policy declares, with the stage it requires. */
export interface Target {
  name: string;
  stage: string;
  governed: boolean;
}
