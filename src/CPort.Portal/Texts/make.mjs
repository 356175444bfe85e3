// Names of countries and months in the portal's languages, as Unicode's CLDR has them (licence: ../CPort.Domain/Data/LICENSE-Unicode).
// node Texts/make.mjs, with Node.js 20 (CLDR 48); writes cldr.<language>.json beside this file.
import { readFileSync, writeFileSync } from "node:fs";
const here = new URL(".", import.meta.url);
const list = readFileSync(new URL("../../CPort.Domain/CodeLists/Country.cs", here), "utf8");
const codes = [...new Set([...list.matchAll(/"((?:[A-Z]{2} ?)+)"/g)].flatMap(m => m[1].trim().split(" ")))].sort();
for (const language of ["en", "fr", "es", "ar", "nl", "de", "nb", "ro"]) {
  const regions = new Intl.DisplayNames([language], { type: "region" });
  const months = new Intl.DateTimeFormat(language === "ar" ? "ar-EG-u-nu-latn" : language, { month: "short", timeZone: "UTC" });
  const texts = {};
  for (let m = 0; m < 12; m++) texts[`month.${m + 1}`] = months.format(new Date(Date.UTC(2026, m, 15)));
  for (const code of codes) {
    const name = regions.of(code);
    if (name !== code) texts[`country.${code}`] = name;
  }
  writeFileSync(new URL(`cldr.${language}.json`, here), JSON.stringify(texts, null, 1) + "\n");
}
