// What pages do better with a script; each of them works without it. Markup says what it wants by data attributes.
(() => {
  "use strict";

  const language = document.documentElement.lang;
  const meta = (name) => document.querySelector(`meta[name="${name}"]`)?.content ?? "";
  const on = (type, handler, target = document) => target.addEventListener(type, handler);

  // --- htmx: the token that proves a request came from our page; what to say when one fails

  on("htmx:config:request", (event) => {
    const request = event.detail.ctx.request;
    if (request.method !== "GET") request.headers["X-CSRF-Token"] = meta("csrf-token");
  });

  on("htmx:response:error", (event) => {
    const { status } = event.detail.ctx.response;
    if (status === 401) location.reload(); // the session ended: the server shows the way in
    else if (status >= 500) say("failed");
    else if (status !== 422) say("refused"); // a 422 brings the form back with its errors
  });
  on("htmx:error", () => say("offline"));

  function say(what) {
    const box = document.getElementById("flash");
    if (!box) return;
    const line = document.createElement("div");
    line.className = "flash danger";
    line.append(Object.assign(document.createElement("p"), { textContent: box.getAttribute(`data-text-${what}`) }));
    box.replaceChildren(line);
    line.scrollIntoView({ block: "nearest" });
  }

  // --- Live pages: <… hx-sse:connect> feeds, [data-live] tells whether it does

  function showLive(state) {
    for (const sign of document.querySelectorAll("[data-live]")) {
      sign.hidden = false;
      sign.dataset.live = state;
      sign.querySelector("[data-live-text]").textContent = sign.getAttribute(`data-text-${state}`);
    }
  }
  on("htmx:sse:before:connection", () => showLive("off"));
  on("htmx:sse:after:connection", () => showLive("on"));
  on("htmx:sse:error", () => showLive("off"));
  on("htmx:sse:close", () => showLive("off"));

  // --- Times: "5 minutes ago" keeps counting, by the server's clock

  const skew = (Date.parse(meta("server-time")) || Date.now()) - Date.now();
  const relative = new Intl.RelativeTimeFormat(language, { numeric: "always" });
  const now = new Intl.RelativeTimeFormat(language, { numeric: "auto" }).format(0, "second");
  const UNITS = [["day", 86400], ["hour", 3600], ["minute", 60]];

  function ago(seconds) {
    for (const [unit, size] of UNITS) {
      const whole = Math.trunc(seconds / size);
      if (whole) return relative.format(whole, unit);
    }
    return now;
  }

  function refreshTimes() {
    for (const time of document.querySelectorAll("time[data-ago]")) {
      const text = ago((Date.parse(time.dateTime) - Date.now() - skew) / 1000);
      if (time.textContent !== text) time.textContent = text;
    }
  }
  setInterval(refreshTimes, 20_000);
  on("visibilitychange", () => document.hidden || refreshTimes());

  // --- Copy buttons: <button data-copy="#id" data-done="Copied" hidden>

  function showCopyButtons(root) {
    if (!navigator.clipboard) return; // not on plain http, except on this machine
    for (const button of root.querySelectorAll("[data-copy][hidden]")) button.hidden = false;
  }

  async function copy(button) {
    await navigator.clipboard.writeText(document.querySelector(button.dataset.copy).textContent);
    const label = button.querySelector("span") ?? button;
    const before = label.textContent;
    label.textContent = button.dataset.done;
    setTimeout(() => (label.textContent = before), 2_000);
  }

  // --- Bulk actions: [data-pick] boxes, one [data-pick-all] for them, [data-pick-count] says how many

  const picks = () => [...document.querySelectorAll("input[data-pick]")];

  function countPicks() {
    const all = picks();
    const picked = all.filter((box) => box.checked).length;
    for (const head of document.querySelectorAll("input[data-pick-all]")) {
      head.checked = picked > 0 && picked === all.length;
      head.indeterminate = picked > 0 && picked < all.length;
    }
    for (const count of document.querySelectorAll("[data-pick-count]")) count.textContent = picked;
    document.body.toggleAttribute("data-picking", picked > 0);
  }

  on("change", (event) => {
    if (event.target.matches("input[data-pick-all]")) for (const box of picks()) box.checked = event.target.checked;
    if (event.target.matches("input[data-pick], input[data-pick-all]")) countPicks();
    if (event.target.matches("[data-submit-on-change]")) event.target.form.requestSubmit();
    if (event.target.matches("[data-shortcuts-on]")) localStorage.setItem("shortcuts", event.target.checked ? "on" : "off");
  });

  // --- Menus, dialogs, copy

  on("click", (event) => {
    const copier = event.target.closest("[data-copy]");
    if (copier) copy(copier);
    const opener = event.target.closest("[data-open]");
    if (opener) document.querySelector(opener.dataset.open).showModal();
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });

  on("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });

  // --- Answers with an address of their own: open and in focus where a link leads to one

  function showAnchored() {
    const answer = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!answer?.matches("details[data-anchored]")) return;
    answer.open = true;
    answer.querySelector("h2").focus();
    answer.scrollIntoView();
  }
  on("hashchange", showAnchored, window);
  on("DOMContentLoaded", showAnchored);

  on("click", (event) => {
    const link = event.target.closest("[data-copy-link]");
    if (!link || !navigator.clipboard) return;
    const before = link.textContent;
    navigator.clipboard.writeText(link.href).then(() => {
      link.textContent = link.dataset.done;
      setTimeout(() => (link.textContent = before), 2000);
    }, () => undefined);
  });

  // --- Keys on a list: [data-row] rows, their link, box and [data-key="a"] buttons

  let current = null;
  const rows = () => [...document.querySelectorAll("[data-row]")];
  const currentRow = () => document.activeElement?.closest("[data-row]") ?? (current?.isConnected ? current : null);

  function step(by) {
    const all = rows();
    const at = all.indexOf(currentRow());
    const next = all[at < 0 ? 0 : Math.min(Math.max(at + by, 0), all.length - 1)];
    if (!next) return;
    current = next;
    next.querySelector("a[href]").focus();
    next.scrollIntoView({ block: "nearest" });
  }

  const KEYS = {
    j: () => step(1),
    k: () => step(-1),
    x: () => currentRow()?.querySelector("input[data-pick]")?.click(),
    a: () => currentRow()?.querySelector('[data-key="a"]')?.click(),
    c: () => currentRow()?.querySelector('[data-key="c"]')?.click(),
    "/": () => document.querySelector("input[type=search]")?.focus(),
    "?": () => document.getElementById("shortcuts")?.showModal(),
  };

  on("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.target.closest("input:not([type=checkbox]), textarea, select, dialog, [contenteditable]")) return;
    if (localStorage.getItem("shortcuts") === "off" && event.key !== "?") return;
    if (!Object.hasOwn(KEYS, event.key) || !document.querySelector("[data-row], #shortcuts")) return;
    event.preventDefault();
    KEYS[event.key]();
  });

  // --- Whatever came with the page, and whatever is swapped in later

  function prepare() {
    document.body.toggleAttribute("data-scripted", true);
    showCopyButtons(document);
    countPicks();
    refreshTimes();
  }
  on("htmx:after:swap", prepare);
  on("DOMContentLoaded", () => {
    prepare();
    for (const box of document.querySelectorAll("[data-shortcuts-on]")) box.checked = localStorage.getItem("shortcuts") !== "off";
    for (const button of document.querySelectorAll("[data-open][hidden]")) button.hidden = false;
    const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
    for (const zones of document.querySelectorAll("select[data-guess-zone]")) {
      if (zones.value === "UTC" && [...zones.options].some((option) => option.value === here)) zones.value = here;
    }
    document.querySelector("[aria-invalid=true]")?.focus();
  });
})();
