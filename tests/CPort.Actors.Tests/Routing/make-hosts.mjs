// Makes hosts.txt: inputs of our own, and what jsdom's implementation of WHATWG's "domain to ASCII" says of them.
//   npm install --no-save --prefix /tmp/data tr46@6.0.0 && node make-hosts.mjs /tmp/data/node_modules/
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";

const { toASCII } = createRequire(process.argv[2])("tr46");
const forbidden = /[\u0000-\u0020#%/:<>?@[\\\]^|\u007f]/;
function whatwg(domain) {
  // As WHATWG has it since 2026: what is ASCII already is not looked into.
  const ascii = /^[\0-\x7f]*$/.test(domain) ? domain.toLowerCase() : toASCII(domain, { checkBidi: true, checkJoiners: true });
  return ascii === null || ascii === "" || forbidden.test(ascii) ? null : ascii;
}

const chosen = [
  "host.example", "HOST.Example.", ".", "..", "a..b", ".a", "a.", "a".repeat(63), "a".repeat(64), "é".repeat(63), "é".repeat(300), "ab.".repeat(84) + "c",
  "ab.".repeat(84) + "cd", "under_score.example", "a b", "a%b", "a\u0000b", "a\u007fb", "a<b", "a<\u0338b", "a=\u0338b", "a>\u0338", "a\ud800b",
  "ⓔⓧⓐⓜⓟⓛⓔ.example", "𝐞𝐱𝐚𝐦𝐩𝐥𝐞.example", "ﬁle.example", "café.example", "cafe\u0301.example", "CAFE\u0301.example", "İ.example", "i\u0307.example",
  "ı.example", "example\u200b", "exa\u200bmple", "\u200b", "a.\u200b.b", "①②⑦.0.0.1", "１２７.0.0.1", "1.2.3.4", "ß.example", "ẞ.example", "ς.example",
  "Σ.example", "ΑΣ.example", "\u2025", "a\u2026b", "a。b", "a．b", "a｡b", "⒈com", "㏂", "℡.example", "½.example", "㍿.example", "ﷺ", "ü.example",
  "u\u0308.example", "Å.example", "Å.example", "A\u030a.example", "\u212a.example", "ſ.example", "\u1e9b\u0323", "q\u0307\u0323", "q\u0323\u0307",
  "각.example", "\u1100\u1161\u11a8.example", "가\u11a8.example", "\u3131.example", "\uffa1.example", "\u0958", "\u0915\u093c", "\u{2f868}", "\u09dc",
  "xn--bcher-kva.example", "XN--BCHER-KVA.example", "xn--", "xn--a", "xn--a-", "xn--ab-", "xn--a.ß", "xn--ß", "xn--zca", "xn--ls8h.example", "xn--0",
  "xn--99999999", "xn--xn--a--gua", "xn--a-yoc", "xn--1ch", "xn--e-0mbbc", "xn--cafe-yvc", "xn--u-ccb", "xn--1g4b", "xn--fi-2c", "xn--.", "xn---", "xn--0a",
  "axn--b", "a-.example", "-a.example", "ab--c.example", "--", "xn--wgv71a119e.jp", "日本。jp", "xn--n3h", "xn--N3H", "xn--mgba3gch31f060k", "xn--5-kua",
  "א.example", "1א.example", "א1", "אa", "a.א", "1.א", "_.א", "א\u0300", "א1٠", "٠.a", "٠a", "ا٠", "a\u05be", "\u05be", "\u064aa", "a\u064a", "א-", "-א",
  "א\u05be", "1a.א", "א..", "a\u200c", "\u200ca", "\u0915\u094d\u200c\u0937", "\u0915\u094d\u200d\u0937", "\u0915\u200d", "\u0628\u200c\u0628",
  "\u0628\u064e\u200c\u064e\u0628", "\u0628\u200ca", "\u0627\u200c\u0628", "xn--1ug", "xn--0ug", "xn--a-ugn", "\u200d", "\u0300a", "a\u0300", ".\u0300",
  "\u0903", "\u20dd", "a\u180eb", "a\u206bb", "a\u2064b", "a\ufe0fb", "a\u00adb", "\u00ad", "a\u034fb", "a\u061cb", "a\u202eb", "a\u3164b", "a\uffa0b",
  "a\u115fb", "a\u2ff0b", "a\u0378b", "a\u{1fffe}b", "a\uffffb", "a\ufdd0b", "a\ue000b", "a\u{e0001}b", "a\u{e0100}b", "a\u2a74b", "💩.example", "👨‍👩‍👧.example",
  "☃.example", "♥️.example", "faß.de", "βόλος.com", "نامه‌ای.com", "صراف.example", "öbb.at", "www.Example。COM", "a\u2488b", "4\uff0e3\uff0e2\uff0e1",
];

// A small generator of its own: the same numbers on every machine.
let seed = 46n;
const next = n => Number((seed = (seed * 6364136223846793005n + 1442695040888963407n) & 0xffffffffffffffffn) >> 33n) % n;
const pieces = [
  ..."ab19-_.", ".", ".", "xn--", "xn--zca", "é", "e\u0301", "ü", "ß", "ς", "א", "ב", "ع", "ب", "ا", "ن", "٠", "۱", "क", "\u094d", "\u200c", "\u200d", "\u200b", "\u00ad",
  "\u0300", "\u0301", "\u0323", "\u0338", "\u064e", "\u3099", "か", "日", "。", "한", "\u1112", "\u1161", "\u11ab", "①", "ⓐ", "ﬁ", "Ａ", "İ", "℡", "½", "…",
  "💩", "\u05be", "\u2ff0", "\ufe0f", "<", "=", "α", "\u0345", "ͅ", "ǆ", "ᾳ", "\u{11099}", "\u{110ba}", "\u{1d15e}", "𐤀", "ߊ", "\u0d4d", "ก", "ำ",
];
const mixed = Array.from({ length: 2600 }, () => Array.from({ length: 1 + next(7) }, () => pieces[next(pieces.length)]).join(""));
// What others wrote as xn-- must be checked like the rest: labels that no mapping has gone over.
const encoded = Array.from({ length: 600 }, () => `xn--${Array.from({ length: 1 + next(9) }, () => "abcdefghijklmnopqrstuvwxyz0123456789-"[next(37)]).join("")}`);

const shown = text => JSON.stringify(text).slice(1, -1).replace(/[^ -~]/g, c => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
const lines = [...new Set([...chosen, ...mixed, ...encoded])].map(input => `${shown(input)}\t${whatwg(input) ?? ""}`);

// Every code point beside letters, as digests of 4,096 answers.
for (let block = 0; block < 0x110; block++) {
  const answers = createHash("sha256");
  for (let code = block << 12; code < (block + 1) << 12; code++) {
    answers.update(`${code >= 0xd800 && code < 0xe000 ? "" : whatwg(`a${String.fromCodePoint(code)}b`) ?? ""}\n`);
  }
  lines.push(`@${(block << 12).toString(16)}\t${answers.digest("hex")}`);
}
writeFileSync("hosts.txt", `# Made by make-hosts.mjs with tr46 6.0.0, Unicode 17: input, tab, ASCII form or nothing; @ a block of code points\n${lines.join("\n")}\n`);
