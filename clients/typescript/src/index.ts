export { RegistryError } from './errors.js';
export { manifestDigest } from './download.js';
export { Registry } from './registry.js';
export type { Cancellable, Reference, Registration, RegistryOptions } from './registry.js';
export { Sha256 } from './sha256.js';
export type { Hasher } from './sha256.js';
export type { Content, Progress, Source } from './upload.js';
export { isParked } from './views.js';
export type * from './views.js';
