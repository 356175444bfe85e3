// The portal's one script: keys, chosen rows, forms without a page load, what closes itself. Everything works without it.
const policy = window.trustedTypes?.createPolicy("cport", { createHTML: html => html });
const main = () => document.getElementById("main");
const live = text => { document.getElementById("live").textContent = text; };
const typing = e => e.target.closest("input:not([type=radio]):not([type=checkbox]),textarea,select,[contenteditable]");
const keysOff = () => document.documentElement.dataset.keys === "off";
// Chosen keys: each page prints the usual ones, and here they are taken and printed as the person wants them.
const pairs = (document.documentElement.dataset.keymap || "").split(" ").filter(Boolean);
const usual = Object.fromEntries(pairs.map(p => [p[0], p[1]])), chosen = Object.fromEntries(pairs.map(p => [p[1], p[0]]));
let gone = 0, after = "";

// Forms are sent by fetch and the page's main part is put in place of the old one. When the node is gone (no answer, or a proxy's) the same form is sent
// again: its command id makes the repeat harmless. Any other failure lets the browser send it.
async function send(form, button) {
  const body = new URLSearchParams(new FormData(form, button));
  const again = form.cloneNode(true);
  document.body.classList.add("busy");
  const line = setTimeout(() => document.body.append(Object.assign(document.createElement("div"), { id: "line" })), 300);
  try {
    for (let attempt = 0; attempt < 6; attempt++) {
      let answer;
      try {
        answer = await fetch(form.action, { method: "POST", body, credentials: "same-origin", headers: { Accept: "text/html" } });
      } catch { /* Nobody is there. */ }
      if (!answer || (attempt < 5 && [502, 503, 504].includes(answer.status))) {
        live(main().dataset.replaced);
        await new Promise(r => setTimeout(r, 250 * 2 ** attempt));
        continue;
      }
      if (!(answer.headers.get("content-type") || "").includes("text/html")) break;
      return show(await answer.text(), answer.url, answer.redirected);
    }
  } finally {
    clearTimeout(line);
    document.getElementById("line")?.remove();
    document.body.classList.remove("busy");
  }
  again.dataset.enhance && delete again.dataset.enhance;
  again.hidden = true;
  document.body.append(again);
  again.submit();
}

function show(html, address, moved) {
  const page = new DOMParser().parseFromString(policy ? policy.createHTML(html) : html, "text/html");
  const next = page.getElementById("main");
  if (!next || /^\/signin/.test(new URL(address).pathname)) { location.assign(address); return; }
  main().replaceWith(next);
  document.title = page.title;
  if (moved) history.pushState(null, "", address);
  (document.getElementById("errors") || next.querySelector("h1") || next).focus();
  start();
}

// What comes into the page's queue meanwhile is announced; rows never move under the reader. Only while the tab is in sight: browsers keep few connections.
let stream, asking, spoken = 0;
function listen() {
  stream?.close();
  clearInterval(asking);
  stream = asking = undefined;
  const news = document.querySelector("[data-live]");
  if (!news || document.hidden) return;
  const tell = ({ count, text }) => {
    news.hidden = count === 0;
    if (news.textContent.includes(text)) return;
    news.querySelector("span").textContent = text;
    if (count && Date.now() - spoken > 60000) { spoken = Date.now(); live(text); }
  };
  stream = new EventSource(news.dataset.live);
  stream.addEventListener("news", e => tell(JSON.parse(e.data)));
  stream.onerror = () => {
    if (stream?.readyState !== EventSource.CLOSED || asking) return;
    asking = setInterval(async () => {
      try {
        const answer = await fetch(news.dataset.live, { headers: { Accept: "application/json" }, redirect: "error" });
        if (answer.ok) tell(await answer.json());
      } catch { /* Later. */ }
    }, 60000);
  };
}

// Five minutes before the session ends for want of a sign of its person, the page says so, and a button gives one (WCAG 2.2.1).
let warning;
const stay = document.getElementById("stay");
function watch() {
  clearTimeout(warning);
  if (!stay) return;
  const { idle, ends } = document.documentElement.dataset, left = ends * 1000 - Date.now();
  stay.hidden = true;
  if (idle) warning = setTimeout(() => {
    stay.hidden = false;
    stay.querySelector("button").hidden = left < idle * 1000;
  }, Math.max(0, Math.min(idle * 1000, left) - 300000));
}
stay?.querySelector("button").addEventListener("click", async () => {
  const answer = await fetch("/app/here", { redirect: "manual" }).catch(() => 0);
  answer.status === 204 ? watch() : location.reload();
});

function start() {
  gone = 0;
  watch();
  spoken = 0;
  listen();
  for (const closes of document.querySelectorAll("[data-closes]")) {
    setTimeout(() => { if (closes.isConnected) location.assign(closes.dataset.back); }, 1000 * closes.dataset.closes);
  }
  for (const e of document.querySelectorAll("[data-key]")) {
    const key = chosen[e.dataset.key];
    if (!key) continue;
    e.setAttribute("aria-keyshortcuts", key);
    const kbd = e.querySelector("kbd") || e.parentElement.querySelector("kbd");
    if (kbd) kbd.textContent = key;
  }
  document.querySelectorAll("[data-copy]").forEach(b => { b.hidden = false; });
  mark(document.querySelector("[data-digits] [data-choice]"));
  count();
}

// Digits answer the question that is marked and move the mark on; Backspace goes one back.
function mark(choice) {
  document.querySelectorAll("[data-choice].at").forEach(c => c.classList.remove("at"));
  choice?.classList.add("at");
}
function digit(n) {
  const choice = document.querySelector("[data-choice].at");
  const box = choice?.querySelector(`input[value="${n}"]`);
  if (!box) return false;
  box.checked = true;
  const next = choice.nextElementSibling;
  mark(next?.matches("[data-choice]") ? next : null);
  live(box.parentElement.textContent.trim());
  return true;
}
function back() {
  const all = [...document.querySelectorAll("[data-digits] [data-choice]")];
  const at = all.findIndex(c => c.classList.contains("at"));
  const to = all[(at < 0 ? all.length : at) - 1];
  if (!to) return false;
  to.querySelectorAll("input").forEach(i => { i.checked = false; });
  mark(to);
  return true;
}

// Rows: j and k walk, x chooses, Shift+x chooses from the last one to here, Enter opens.
const rows = () => [...document.querySelectorAll("[data-row]")];
function walk(by) {
  const all = rows();
  if (!all.length) return;
  gone = Math.min(all.length - 1, Math.max(0, all.findIndex(r => r.classList.contains("at")) + by));
  all.forEach(r => r.classList.remove("at"));
  all[gone].classList.add("at");
  all[gone].scrollIntoView({ block: "nearest" });
  all[gone].querySelector("a")?.focus({ preventScroll: true });
}
let last = null;
function choose(box, range) {
  const boxes = [...document.querySelectorAll("input[name=item]")];
  if (range && last && boxes.includes(last)) {
    const [a, b] = [boxes.indexOf(last), boxes.indexOf(box)].sort((x, y) => x - y);
    boxes.slice(a, b + 1).forEach(x => { x.checked = box.checked; });
  }
  last = box;
  count();
}
function count() {
  const place = document.querySelector("[data-count]");
  if (!place) return;
  place.dataset.empty ??= place.textContent;
  const boxes = [...document.querySelectorAll("input[name=item]")];
  const n = boxes.filter(b => b.checked).length;
  place.textContent = n ? `${n} / ${boxes.length}` : place.dataset.empty;
  const all = document.querySelector("[data-all]");
  if (all) { all.checked = n > 0 && n === boxes.length; all.indeterminate = n > 0 && n < boxes.length; }
}

// Passkeys: the server asks, the browser's own dialog answers, and the answer goes back in the form's field.
async function passkey(form) {
  const ask = field => {
    const body = new URLSearchParams(new FormData(form));
    return fetch(field, { method: "POST", body, credentials: "same-origin", headers: { Accept: "application/json" } });
  };
  try {
    const options = await (await ask(form.dataset.options)).json();
    const credential = form.dataset.passkey === "create"
      ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })
      : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
    form.elements.credential.value = JSON.stringify(credential.toJSON());
  } catch {
    // Nobody touched the key, or there is none: the page stays, and the server says what can be said.
    form.elements.credential.value = "";
    if (form.dataset.passkey === "create") return;
  }
  form.submit();
}

document.addEventListener("submit", e => {
  if (e.target.matches("[data-passkey]")) { e.preventDefault(); passkey(e.target); return; }
  if (e.target.matches("[data-enhance]")) { e.preventDefault(); send(e.target, e.submitter); }
});
document.addEventListener("click", e => {
  const box = e.target;
  if (box.matches?.("[data-all]")) {
    document.querySelectorAll("input[name=item]").forEach(b => { b.checked = box.checked; });
    count();
  } else if (box.matches?.("input[name=item]")) {
    choose(box, e.shiftKey);
  }
});
document.addEventListener("click", async e => {
  const button = e.target.closest?.("[data-copy]");
  if (!button) return;
  const field = document.getElementById(button.dataset.copy);
  field.select();
  try { await navigator.clipboard.writeText(field.value); live(button.dataset.done); } catch { /* It is marked, to be copied by hand. */ }
});
document.addEventListener("focusin", e => { if (e.target.matches("[data-choice] input")) mark(e.target.closest("[data-choice]")); });
addEventListener("popstate", () => location.reload());
document.addEventListener("visibilitychange", listen);

document.addEventListener("keydown", e => {
  if (e.ctrlKey && e.key === "k") { e.preventDefault(); document.getElementById("go")?.focus(); return; }
  if (keysOff() || e.ctrlKey || e.altKey || e.metaKey || typing(e)) {
    if (e.key === "Escape") e.target.blur?.();
    return;
  }
  const number = /^(?:Digit|Numpad)(\d)$/.exec(e.code);
  if (number && !e.shiftKey) { if (digit(number[1])) e.preventDefault(); return; }
  if (e.key === "Backspace") { if (back()) e.preventDefault(); return; }
  const typed = e.key.length === 1 ? e.key.toLowerCase() : e.key;
  const key = usual[typed] || (chosen[typed] ? "" : typed);
  if (after === "g") {
    after = "";
    document.querySelector(`[data-go="${CSS.escape(typed)}"]`)?.click();
    return;
  }
  switch (key) {
    case "g": after = "g"; setTimeout(() => { after = ""; }, 1500); return;
    case "j": walk(1); return;
    case "k": walk(-1); return;
    case "x": {
      const box = document.querySelector("[data-row].at input[name=item]");
      if (box) { if (!e.shiftKey) box.checked = !box.checked; else box.checked = true; choose(box, e.shiftKey); }
      return;
    }
    case "?": location.assign("/help"); return;
    case "Escape": document.querySelector(".crumbs li:last-child a")?.click(); return;
  }
  const target = key && document.querySelector(`[data-key="${CSS.escape(key)}"]`);
  if (target && target.checkVisibility({ visibilityProperty: true })) {
    e.preventDefault();
    target.matches("input") ? target.focus() : target.click();
  }
});
start();
