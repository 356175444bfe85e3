// Reads a feed and checks webhooks by libraries that others wrote.
//   node verify.mjs feed <url> <key> <after> <count>     the batch by cloudevents and ajv, the stream by eventsource: the same ids
//   node verify.mjs webhook <file> <secret> <public key>  a delivery ({headers, body}) by standardwebhooks, svix and node's own crypto
import fs from 'node:fs';
import crypto from 'node:crypto';
import Ajv from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { HTTP } from 'cloudevents';
import { EventSource } from 'eventsource';
import { Webhook } from 'standardwebhooks';
import { Webhook as Svix } from 'svix';

const [, , mode, ...given] = process.argv;

function fail(text) {
  console.error(text);
  process.exit(1);
}

function refuses(what, check) {
  try {
    check();
  } catch {
    return;
  }

  fail(`${what} was accepted`);
}

async function feed(url, key, after, count) {
  const headers = { authorization: `Bearer ${key}` };
  const answer = await fetch(`${url}/v1/feed?lastEventId=${after}`, { headers });
  if (!answer.ok) fail(`${answer.status}`);
  const events = HTTP.toEvent({ headers: Object.fromEntries(answer.headers), body: await answer.text() });
  if (events.length < Number(count)) fail(`${events.length} of ${count} events`);
  const ajv = new Ajv({ strict: true });
  addFormats(ajv);
  const schemas = new Map();
  for (const event of events) {
    event.validate();
    const path = new URL(event.dataschema).pathname;
    if (!schemas.has(path)) schemas.set(path, ajv.compile(await (await fetch(url + path)).json()));
    const fits = schemas.get(path);
    if (!fits(event.data)) fail(`${event.type}: ${JSON.stringify(fits.errors)}`);
  }

  const streamed = await new Promise((resolve, reject) => {
    const ids = [];
    const source = new EventSource(`${url}/v1/feed?lastEventId=${after}`, {
      fetch: (input, init) => fetch(input, { ...init, headers: { ...init.headers, ...headers } }),
    });
    const took = message => {
      if (JSON.parse(message.data).id !== message.lastEventId) reject(new Error('another id inside'));
      ids.push(message.lastEventId);
      if (ids.length === events.length) {
        source.close();
        resolve(ids);
      }
    };
    for (const type of new Set(events.map(e => e.type))) source.addEventListener(type, took);
    setTimeout(() => reject(new Error(`${ids.length} of ${events.length} came by the stream`)), 20000);
  }).catch(e => fail(e.message));
  if (JSON.stringify(streamed) !== JSON.stringify(events.map(e => e.id))) fail('the stream has other ids');
  console.log(`${events.length} events, ${schemas.size} schemas`);
  process.exit(0);
}

function webhook(file, secret, publicKey) {
  const { headers, body } = JSON.parse(fs.readFileSync(file, 'utf8'));
  for (const [name, library] of [['standardwebhooks', new Webhook(secret)], ['svix', new Svix(secret)]]) {
    library.verify(body, headers);
    refuses(`${name}: a changed byte`, () => library.verify(body.replace('1.0', '1.1'), headers));
    refuses(`${name}: an old time stamp`, () => library.verify(body, { ...headers, 'webhook-timestamp': String(Number(headers['webhook-timestamp']) - 3600) }));
  }

  refuses('another secret', () => new Webhook(`whsec_${Buffer.alloc(32, 7).toString('base64')}`).verify(body, headers));
  const events = HTTP.toEvent({ headers: { 'content-type': headers['content-type'] }, body });
  if (headers['content-type'].includes('batch') !== Array.isArray(events)) fail('another form than it says');
  if ([events].flat().length === 0) fail('no event');
  for (const event of [events].flat()) event.validate();
  const signature = headers['webhook-signature'].split(' ').find(s => s.startsWith('v1a,')).slice(4);
  const raw = Buffer.from(publicKey.slice('whpk_'.length), 'base64');
  const key = crypto.createPublicKey({ key: Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), raw]), format: 'der', type: 'spki' });
  const signed = Buffer.from(`${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`);
  if (!crypto.verify(null, signed, key, Buffer.from(signature, 'base64'))) fail('v1a is not good');
  if (crypto.verify(null, Buffer.concat([signed, Buffer.from(' ')]), key, Buffer.from(signature, 'base64'))) fail('v1a of other bytes is good');
  console.log('good');
}

if (mode === 'feed') await feed(...given);
else webhook(...given);
