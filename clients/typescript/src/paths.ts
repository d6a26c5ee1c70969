import { RegistryError } from './errors.js';

const DEVICES = /^(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])$/i;

/** The folders and the name of a relative path that stays within whatever it is joined to, on every system. The server has the same rules; it is not taken at its word. */
export function segments(path: string): string[] {
  const problem = problemOf(path);
  if (problem) throw new RegistryError('path_unsafe', `A file of this version is called ${JSON.stringify(path.slice(0, 80))}: ${problem}.`, { remedy: 'Nothing was written. Tell whoever runs the registry.' });
  return path.split('/');
}

function problemOf(path: string): string | undefined {
  if (path.length === 0 || new TextEncoder().encode(path).length > 255) return 'it is empty or longer than 255 bytes';
  if (/[<>:"|?*\\\p{C}]|[^ \P{Z}]/u.test(path)) return 'it has a character that not every system allows';
  for (const part of path.split('/')) {
    if (part === '' || part === '.' || part === '..') return 'it is absolute, or steps out of its folder';
    if (/[. ]$/.test(part)) return 'a part of it ends in a dot or a blank';
    if (DEVICES.test(part.split('.')[0]!.trimEnd())) return 'a part of it is a device on Windows';
  }
  return undefined;
}
