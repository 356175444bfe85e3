// The portal's one script: keys, chosen rows, forms without a page load, what closes itself. Everything works without it.
const policy = window.trustedTypes?.createPolicy("cport", { createHTML: html => html });
const main = () => document.getElementById("main");
const live = text => { document.getElementById("live").textContent = text; };
const typing = e => e.target.closest("input:not([type=radio]):not([type=checkbox]),textarea,select,[contenteditable]");
const keysOff = () => document.documentElement.dataset.keys === "off";
let gone = 0, after = "";

// Forms are sent by fetch and the page's main part is put in place of the old one. A network failure (the node was replaced) sends the same form again:
// its command id makes the repeat harmless. Any other failure lets the browser send it.
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
      } catch {
        live(main().dataset.replaced || "The server was replaced; your entry is kept.");
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
  if (!next) { location.assign(address); return; }
  main().replaceWith(next);
  document.title = page.title;
  if (moved) history.pushState(null, "", address);
  (document.getElementById("errors") || next.querySelector("h1") || next).focus();
  start();
}

function start() {
  gone = 0;
  for (const closes of document.querySelectorAll("[data-closes]")) {
    const address = location.pathname.replace(/\/reveal$/, "");
    setTimeout(() => { if (closes.isConnected) location.assign(address); }, 1000 * closes.dataset.closes);
  }
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
document.addEventListener("focusin", e => { if (e.target.matches("[data-choice] input")) mark(e.target.closest("[data-choice]")); });
addEventListener("popstate", () => location.reload());

document.addEventListener("keydown", e => {
  if (e.ctrlKey && e.key === "k") { e.preventDefault(); document.getElementById("go")?.focus(); return; }
  if (keysOff() || e.ctrlKey || e.altKey || e.metaKey || typing(e)) {
    if (e.key === "Escape") e.target.blur?.();
    return;
  }
  const number = /^(?:Digit|Numpad)(\d)$/.exec(e.code);
  if (number && !e.shiftKey) { if (digit(number[1])) e.preventDefault(); return; }
  if (e.key === "Backspace") { if (back()) e.preventDefault(); return; }
  const key = e.key.length === 1 ? e.key.toLowerCase() : e.key;
  if (after === "g") {
    after = "";
    document.querySelector(`[data-go="${CSS.escape(key)}"]`)?.click();
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
  const target = document.querySelector(`[data-key="${CSS.escape(key)}"]`);
  if (target && target.offsetParent !== null) {
    e.preventDefault();
    target.matches("input") ? target.focus() : target.click();
  }
});
start();
