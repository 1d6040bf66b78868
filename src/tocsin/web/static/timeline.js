// On a schedule's timeline: a time is chosen by dragging across a lane, or by keys, and opens the form of an override.
(() => {
  "use strict";

  const STEP = 30 * 60_000;
  const chart = document.querySelector("[data-timeline]");
  if (!chart) return;
  const start = Date.parse(chart.dataset.start);
  const end = Date.parse(chart.dataset.end);
  const status = document.querySelector("[data-lane-status]");
  const words = new Intl.DateTimeFormat(document.documentElement.lang === "en" ? "en-GB" : document.documentElement.lang, {
    timeZone: chart.dataset.zone, day: "numeric", month: "short", hour: "2-digit", minute: "2-digit",
  });
  let chosen = null; // { lane, from, to, mark }

  const within = (at) => Math.min(Math.max(at, start), end);
  const snapped = (at) => within(start + Math.round((at - start) / STEP) * STEP);
  const percent = (at) => (100 * (at - start)) / (end - start);

  function show() {
    chosen.mark.setAttribute("x", `${percent(chosen.from)}%`);
    chosen.mark.setAttribute("width", `${percent(chosen.to) - percent(chosen.from)}%`);
    status.textContent = chart.dataset.textChosen
      .replace("{from}", words.format(chosen.from)).replace("{to}", words.format(chosen.to));
  }

  function choose(lane, from, to) {
    clear(true);
    const mark = document.createElementNS("http://www.w3.org/2000/svg", "rect");
    mark.setAttribute("class", "selection");
    mark.setAttribute("height", "100%");
    lane.querySelector(".chart-bars").append(mark);
    chosen = { lane, from, to, mark };
    show();
  }

  function clear(quietly = false) {
    if (!chosen) return;
    chosen.mark.remove();
    chosen = null;
    if (!quietly) status.textContent = chart.dataset.textCleared;
  }

  function open() {
    const instant = (at) => new Date(at).toISOString().replace(".000Z", "Z");
    const query = new URLSearchParams({ start: instant(chosen.from), end: instant(chosen.to) });
    if (chosen.lane.dataset.rotation) query.set("rotation", chosen.lane.dataset.rotation);
    location.assign(`${chart.dataset.new}?${query}`);
  }

  // --- By dragging

  function instantOf(lane, event) {
    const box = lane.querySelector(".chart-bars").getBoundingClientRect();
    return within(start + ((event.clientX - box.left) / box.width) * (end - start));
  }

  function dragging(lane) {
    const bars = lane.querySelector(".chart-bars");
    let anchor = null;
    let dragged = false;
    bars.addEventListener("dragstart", (event) => event.preventDefault());
    bars.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || event.pointerType === "touch") return; // a finger scrolls
      anchor = { x: event.clientX, at: instantOf(lane, event) };
      dragged = false;
    });
    bars.addEventListener("pointermove", (event) => {
      if (!anchor || (!dragged && Math.abs(event.clientX - anchor.x) < 6)) return;
      if (!dragged) bars.setPointerCapture(event.pointerId);
      dragged = true;
      const at = instantOf(lane, event);
      const from = snapped(Math.min(anchor.at, at));
      const to = Math.max(snapped(Math.max(anchor.at, at)), from + STEP);
      if (chosen?.lane === lane) Object.assign(chosen, { from, to }), show();
      else choose(lane, from, to);
    });
    bars.addEventListener("pointerup", () => {
      anchor = null;
      if (dragged) open();
    });
    bars.addEventListener("pointercancel", () => {
      anchor = null;
      clear();
    });
    bars.addEventListener("click", (event) => dragged && event.preventDefault(), true);
  }

  // --- By keys, from the lane's button

  function keys(lane) {
    const button = lane.querySelector("[data-lane-pick]");
    button.hidden = false;
    const begin = () => {
      const from = snapped(within(Math.min(Math.max(Date.now(), start), end - 2 * STEP)));
      choose(lane, from, from + 2 * STEP);
    };
    const moves = {
      ArrowLeft: (by) => move(-by),
      ArrowRight: (by) => move(by),
      ArrowUp: (by) => (chosen.to = within(chosen.to + by)),
      ArrowDown: (by) => (chosen.to = Math.max(chosen.to - by, chosen.from + STEP)),
    };
    const move = (by) => {
      const length = chosen.to - chosen.from;
      chosen.from = Math.min(Math.max(chosen.from + by, start), end - length);
      chosen.to = chosen.from + length;
    };
    button.addEventListener("keydown", (event) => {
      if (event.key === "Escape") return clear();
      if (!Object.hasOwn(moves, event.key)) return undefined;
      event.preventDefault();
      if (chosen?.lane !== lane) return begin();
      moves[event.key](event.shiftKey ? 2 * STEP : STEP);
      return show();
    });
    button.addEventListener("click", () => (chosen?.lane === lane ? open() : begin()));
  }

  for (const lane of chart.querySelectorAll("[data-lane]")) {
    dragging(lane);
    keys(lane);
  }
  document.querySelector("[data-lane-help]").hidden = false;
})();
