// Submits, reads and looks up with the types that openapi-typescript makes of the document: node out/client.js URL KEY REFERENCE SHA256
import createClient from "openapi-fetch";
import type { paths } from "./cport.js";

declare const process: { argv: string[] };

const [url = "", key = "", reference = "", sha256 = ""] = process.argv.slice(2);
const api = createClient<paths>({ baseUrl: url, headers: { Authorization: `Bearer ${key}` } });

function expect<T>(got: T, wanted: T): void {
  if (got !== wanted) {
    throw new Error(`${JSON.stringify(wanted)} was expected, ${JSON.stringify(got)} came`);
  }
}

const submitted = await api.POST("/v1/reports", {
  body: {
    hotlineReference: reference, hotlineReceivedDate: "2026-01-04T08:15:00Z", memo: "Seen.", sourceUrlSiteType: 6, urgent: true,
    urls: [{ urlString: `https://ts.example/${reference}`, isSourceUrl: true, contentType: "Media", hostingCountryCode: "NL", hashes: { sha256 } }],
  },
});
expect(submitted.error, undefined);
const id: string = submitted.data!.reportId;

const report = await api.GET("/v1/reports/{id}", { params: { path: { id } } });
expect(report.data?.hotlineReference, reference);
expect(report.data?.items[0]?.urlString, `https://ts.example/${reference}`);
expect(new Date(report.data!.hotlineReceivedDate!).getTime(), Date.UTC(2026, 0, 4, 8, 15));

const looked = await api.POST("/v1/hashes:lookup", { body: { hashes: [{ algorithm: "Sha256", value: sha256 }] } });
expect(looked.data?.results[0]?.algorithm, "Sha256");

const refused = await api.POST("/v1/hashes:lookup", { body: { hashes: [{ algorithm: "Sha256", value: "short" }] } });
expect(refused.error?.code, "malformed-hash");
expect(refused.error?.errors?.[0]?.field, "hashes[0].value");
