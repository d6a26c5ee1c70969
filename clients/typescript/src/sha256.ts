/**
 * SHA-256 (FIPS 180-4) a piece at a time, in flat memory: `crypto.subtle` takes whole buffers only, and is there in secure
 * contexts only. Something above a hundred megabytes a second in today's engines; in Node `modelregistry-client/node` hashes
 * files with `node:crypto` instead.
 */
export interface Hasher {
  update(piece: Uint8Array): void;
  /** The digest as 64 hexadecimal digits; nothing more may be added. */
  hex(): string;
}

const BLOCK = 64;

// The first 32 bits of the fractional parts of the cube roots of the first 64 primes, and of the square roots of the first 8.
const { rounds: K, initial: H } = constants();

export class Sha256 implements Hasher {
  private readonly state = new Int32Array(H);
  private readonly words = new Int32Array(64);
  private readonly rest = new Uint8Array(BLOCK);
  private waiting = 0;
  private length = 0;

  update(piece: Uint8Array): void {
    this.length += piece.length;
    let at = 0;
    if (this.waiting > 0) {
      at = Math.min(BLOCK - this.waiting, piece.length);
      this.rest.set(piece.subarray(0, at), this.waiting);
      this.waiting += at;
      if (this.waiting < BLOCK) return;
      this.block(this.rest, 0);
      this.waiting = 0;
    }
    for (; at + BLOCK <= piece.length; at += BLOCK) this.block(piece, at);
    this.rest.set(piece.subarray(at), 0);
    this.waiting = piece.length - at;
  }

  hex(): string {
    const bits = this.length * 8;
    const end = new Uint8Array(this.waiting < 56 ? BLOCK : 2 * BLOCK);
    end.set(this.rest.subarray(0, this.waiting));
    end[this.waiting] = 0x80;
    const view = new DataView(end.buffer);
    // Sizes are whole numbers below 2^53, so that the bits fit into two words.
    view.setUint32(end.length - 8, Math.floor(bits / 2 ** 32));
    view.setUint32(end.length - 4, bits % 2 ** 32);
    for (let at = 0; at < end.length; at += BLOCK) this.block(end, at);
    return Array.from(this.state, word => (word >>> 0).toString(16).padStart(8, '0')).join('');
  }

  private block(bytes: Uint8Array, from: number): void {
    const w = this.words;
    for (let i = 0, at = from; i < 16; i++, at += 4)
      w[i] = (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
    for (let i = 16; i < 64; i++) {
      const x = w[i - 15]!;
      const y = w[i - 2]!;
      const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
      const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
      w[i] = (w[i - 16]! + s0 + w[i - 7]! + s1) | 0;
    }
    const s = this.state;
    let a = s[0]!, b = s[1]!, c = s[2]!, d = s[3]!, e = s[4]!, f = s[5]!, g = s[6]!, h = s[7]!;
    for (let i = 0; i < 64; i++) {
      const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
      const t1 = (h + s1 + ((e & f) ^ (~e & g)) + K[i]! + w[i]!) | 0;
      const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
      const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      h = g; g = f; f = e; e = (d + t1) | 0; d = c; c = b; b = a; a = (t1 + t2) | 0;
    }
    s[0] = (s[0]! + a) | 0; s[1] = (s[1]! + b) | 0; s[2] = (s[2]! + c) | 0; s[3] = (s[3]! + d) | 0;
    s[4] = (s[4]! + e) | 0; s[5] = (s[5]! + f) | 0; s[6] = (s[6]! + g) | 0; s[7] = (s[7]! + h) | 0;
  }
}

/** Counted out in whole numbers: an engine's own roots may be wrong in their last bit. */
function constants(): { rounds: Int32Array; initial: Int32Array } {
  const primes: bigint[] = [];
  for (let n = 2n; primes.length < 64; n++) if (primes.every(p => n % p !== 0n)) primes.push(n);
  const fraction = (prime: bigint, power: bigint): number => {
    // The greatest root with root^power <= prime * 2^(32 * power); its low 32 bits are the fraction.
    const square = prime << (32n * power);
    let low = 0n, high = 1n << 40n;
    while (high - low > 1n) {
      const middle = (low + high) >> 1n;
      if (middle ** power <= square) low = middle;
      else high = middle;
    }
    return Number(BigInt.asIntN(32, low));
  };
  return { rounds: Int32Array.from(primes, p => fraction(p, 3n)), initial: Int32Array.from(primes.slice(0, 8), p => fraction(p, 2n)) };
}
