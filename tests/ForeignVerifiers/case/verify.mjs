// Holds a CASE/UCO JSON-LD document against SHACL shapes by libraries that others wrote.
//   node verify.mjs <document> <shapes>     writes how many statements and targets there were
import fs from 'node:fs';
import jsonld from 'jsonld';
import { Parser, Store } from 'n3';
import SHACLValidator from 'rdf-validate-shacl';

const [, , document, shapes] = process.argv;

// Everything is in the document: nothing is fetched.
const quads = await jsonld.toRDF(JSON.parse(fs.readFileSync(document, 'utf8')), {
  format: 'application/n-quads',
  documentLoader: url => { throw new Error(`${url} would be fetched`); },
});
const data = new Store(new Parser({ format: 'N-Quads' }).parse(quads));
const report = await new SHACLValidator(new Store(new Parser().parse(fs.readFileSync(shapes, 'utf8')))).validate(data);
for (const result of report.results) console.error(`${result.focusNode?.value} ${result.path?.value ?? ''} ${result.message.map(m => m.value).join('; ')}`);
if (!report.conforms) process.exit(1);
console.log(`${data.size} statements`);
