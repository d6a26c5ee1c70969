"""Verifies the export of a promotion from docs/export.md alone, with nothing but Python's standard library.

usage: verify_export.py EXPORT KEY   (KEY is the file that holds the line of `audit key`); exit 1 names what failed.
It checks what takes arithmetic: the envelope, the checkpoint, the Merkle proofs, the digests and the passkeys.
"""
import base64, hashlib, json, sys
from urllib.parse import urlsplit

P = 2**256 - 2**224 + 2**192 + 2**96 - 1
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
G = (0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296, 0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5)
SPKI = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d030107034200")  # P-256, then 04 ‖ x ‖ y


def need(holds, what):
    if not holds:
        raise SystemExit("FAILED " + what)


def sha256(data):
    return hashlib.sha256(data).digest()


def add(a, b):
    if a is None or b is None:
        return a or b
    if a[0] == b[0]:
        if (a[1] + b[1]) % P == 0:
            return None
        slope = (3 * a[0] * a[0] - 3) * pow(2 * a[1], -1, P) % P
    else:
        slope = (b[1] - a[1]) * pow(b[0] - a[0], -1, P) % P
    x = (slope * slope - a[0] - b[0]) % P
    return x, (slope * (a[0] - x) - a[1]) % P


def times(k, point):
    total = None
    while k:
        if k & 1:
            total = add(total, point)
        point, k = add(point, point), k >> 1
    return total


def ecdsa(point, message, der):
    """ECDSA on P-256 over SHA-256 (FIPS 186-5), the signature in ASN.1 DER."""
    x, y = point
    if (y * y - (x * x * x - 3 * x + B)) % P or len(der) < 8 or der[0] != 0x30 or der[1] != len(der) - 2:
        return False
    length = der[3]
    r, s = int.from_bytes(der[4:4 + length], "big"), int.from_bytes(der[6 + length:], "big")
    if der[2] != 2 or der[4 + length] != 2 or der[5 + length] != len(der) - 6 - length or not (0 < r < N and 0 < s < N):
        return False
    w = pow(s, -1, N)
    found = add(times(int.from_bytes(sha256(message), "big") * w % N, G), times(r * w % N, point))
    return found is not None and found[0] % N == r


def b64url(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def canonical(value):
    """RFC 8785, for the ASCII member names that these documents have."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def inclusion(index, size, leaf, proof, root):
    """RFC 9162, section 2.1.3.2."""
    if index >= size:
        return False
    fn, sn, r = index, size - 1, leaf
    for p in proof:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            r = sha256(b"\x01" + p + r)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = sha256(b"\x01" + r + p)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and r == root


def cose(key):
    """A COSE key of ES256 as authenticators write it: a5 01 02 03 26 20 01 21 5820 x 22 5820 y."""
    need(len(key) == 77 and key[:10] == bytes.fromhex("a5010203262001215820") and key[42:45] == bytes.fromhex("225820"), "the passkey is of a kind this script does not know")
    return int.from_bytes(key[10:42], "big"), int.from_bytes(key[45:], "big")


def passkey(evidence, word, statement, key):
    client, data = b64url(evidence["client_data_json"]), b64url(evidence["authenticator_data"])
    said = json.loads(client)
    challenge = sha256(b"model-registry/approval/v1\0" + word.encode() + b"\0" + bytes.fromhex(evidence["nonce"]) + bytes.fromhex(statement))
    need(said["type"] == "webauthn.get" and b64url(said["challenge"]) == challenge, f"challenge of '{word}'")
    need(data[:32] == sha256(urlsplit(said["origin"]).hostname.encode()), "relying party")
    need(data[32] & 5 == 5, "user verification")
    need(ecdsa(cose(key), data + sha256(client), b64url(evidence["signature"])), "signature of the passkey")


def main(export, key_file):
    name, key_id, encoded = open(key_file, encoding="utf-8").read().strip().split("+", 2)
    public = base64.b64decode(encoded)
    need(public[0] == 2 and public[1:28] == SPKI + b"\x04" and sha256(public[1:])[:4].hex() == key_id, "the pinned key")
    point = int.from_bytes(public[28:60], "big"), int.from_bytes(public[60:], "big")

    envelope = json.load(open(export, encoding="utf-8"))
    payload, kind = base64.b64decode(envelope["payload"]), envelope["payloadType"]
    need(kind == "application/vnd.in-toto+json", "payload type")
    signed = b"DSSEv1 %d %s %d " % (len(kind), kind.encode(), len(payload)) + payload
    need(any(ecdsa(point, signed, base64.b64decode(s["sig"])) for s in envelope["signatures"]), "signature of the envelope")

    statement = json.loads(payload)
    need(statement["_type"] == "https://in-toto.io/Statement/v1" and statement["predicateType"] == "urn:model-registry:promotion-export:v1", "type")
    it = statement["predicate"]
    text, signature = it["log"]["checkpoint"].split("\n\n")
    origin, size, root = text.split("\n")[:3]
    dash, who, note = signature.strip().split(" ")
    note = base64.b64decode(note)
    need(dash == "\u2014" and who == origin == name and note[:4].hex() == key_id and ecdsa(point, (text + "\n").encode(), note[4:]), "signature of the checkpoint")

    leaves = []
    for entry in it["log"]["entries"]:
        need(inclusion(entry["index"], int(size), sha256(b"\0" + entry["leaf"].encode()), [bytes.fromhex(p) for p in entry["proof"]], base64.b64decode(root)), f"inclusion of entry {entry['index']}")
        leaf = json.loads(entry["leaf"])
        for text in entry["texts"]:
            need(sha256(bytes.fromhex(text["salt"]) + text["text"].encode()).hex() == leaf["erasable"][text["field"]]["sha256"], f"a text of entry {entry['index']}")
        leaves.append(leaf)

    promotion = it["promotion"]
    decided = json.loads(promotion["statement"])
    digest = sha256(promotion["statement"].encode()).hex()
    need(canonical(decided) == promotion["statement"].encode() and digest == promotion["statement_sha256"], "digest of the statement")
    files = [{"path": s["name"], "sha256": s["digest"]["sha256"], "size": s["annotations"]["size"]} for s in statement["subject"]]
    need(sha256(canonical(files)).hex() == decided["manifest_sha256"], "files")

    def told(verb, subject, **facts):
        return [e for e in leaves if e["verb"] == verb and e["outcome"] == "done" and e["subject"]["id"] == subject and all(e["facts"].get(k) == v for k, v in facts.items())]

    def passphrase(proof, person, used, since):
        """The passphrase that was good at the entry `used`, and was before the entry `since`."""
        at = {id(e): i for i, e in enumerate(leaves)}
        good, given = None, None
        for e in sorted(told("person.init", person) + told("person.add", person) + told("passphrase.change", person), key=lambda e: at[id(e)]):
            if at[id(e)] >= at[id(used)]:
                break
            need(e["facts"].get("replaced") == good, f"the changes of the passphrase of {person}")
            good, given = e["facts"]["credential_id"], at[id(e)]
        need(good == proof["credential_id"] and given is not None and given < at[id(since)], f"the passphrase of {person}")

    keys = {k["credential_id"]: base64.b64decode(k["public_key"]) for k in it["keys"]}
    for k in it["keys"]:
        need(told("passkey.enrol", k["credential_id"], person_id=k["person_id"], public_key_sha256=sha256(keys[k["credential_id"]]).hex()), f"enrolment of {k['credential_id']}")
    signatures = 0
    for d in it["decisions"]:
        need(told("promotion.decide", decided["promotion_id"], decision_id=d["id"], person_id=d["person_id"], decision=d["decision"], decided_statement_sha256=d["statement_sha256"]), f"decision {d['id']}")
        if d["proof"]["method"] == "passphrase":
            passphrase(d["proof"], d["person_id"], told("promotion.decide", decided["promotion_id"], decision_id=d["id"])[0], told("promotion.request", decided["promotion_id"])[0])
        if d["proof"]["method"] == "passkey":
            passkey(d["proof"]["evidence"], d["decision"], d["statement_sha256"], keys[d["proof"]["credential_id"]])
            signatures += 1
    if it["break_glass"]:
        passkey(it["break_glass"]["proof"]["evidence"], "break_glass", digest, keys[it["break_glass"]["proof"]["credential_id"]])
        signatures += 1
        review = it["break_glass"]["review"]
        if review and review["proof"]["method"] == "passphrase":
            passphrase(review["proof"], review["person_id"], told("glass.review", decided["promotion_id"])[0], told("glass.break", decided["promotion_id"])[0])
    print(f"ok {decided['promotion_id']} {promotion['status']}: {len(leaves)} entries, {len(files)} files, {signatures} passkeys")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
