// Checks an entry's proof with the parts of @sigstore/verify that know checkpoints and Merkle trees (loaded by path: the package exports only whole bundles).
// node verify.cjs FOLDER: entry.json (the bytes that are hashed), entry.tlog-proof, vkey.
'use strict';
const { readFileSync } = require('node:fs');
const { createPublicKey } = require('node:crypto');
const path = require('node:path');
const part = (name) => require(path.join(process.cwd(), 'node_modules/@sigstore/verify/dist/tlog', name));
const { verifyCheckpoint } = part('checkpoint.js');
const { verifyMerkleInclusion } = part('merkle.js');

const folder = process.argv[2];
// The key's base64 may have plus signs of its own.
const [, name, hint, key] = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/.exec(readFileSync(path.join(folder, 'vkey'), 'utf8').trim());
const raw = Buffer.from(key, 'base64').subarray(1);
const publicKey = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: raw.toString('base64url') }, format: 'jwk' });
const tlogs = [{ logID: Buffer.from(hint, 'hex'), baseURL: `https://${name}`, publicKey }];

const text = readFileSync(path.join(folder, 'entry.tlog-proof'), 'utf8');
const end = text.indexOf('\n\n');
const [head, index, ...hashes] = text.slice(0, end).split('\n');
if (head !== 'c2sp.org/tlog-proof@v1' || !index.startsWith('index ')) throw new Error('no tlog-proof');
const entry = (body, envelope) => ({
  canonicalizedBody: body,
  inclusionProof: {
    logIndex: index.slice('index '.length), hashes: hashes.map((h) => Buffer.from(h, 'base64')), checkpoint: { envelope },
  },
});

const body = readFileSync(path.join(folder, 'entry.json'));
const envelope = text.slice(end + 2);
const good = entry(body, envelope);
const checkpoint = verifyCheckpoint(good, tlogs);
if (checkpoint.origin !== name) throw new Error('another log');
verifyMerkleInclusion(good, checkpoint);

const refuses = (what, attempt) => {
  try {
    attempt();
  } catch {
    return;
  }
  throw new Error(`${what} was accepted`);
};
refuses('a changed entry', () => verifyMerkleInclusion(entry(Buffer.concat([body, Buffer.from(' ')]), envelope), checkpoint));
refuses('a changed checkpoint', () => verifyCheckpoint(entry(body, envelope.replace(/\n(\d+)\n/, (_, n) => `\n${Number(n) + 1}\n`)), tlogs));
console.log(`entry ${good.inclusionProof.logIndex} of ${checkpoint.logSize}`);
