// Lines over time, drawn as SVG.

import { count, h, svg } from "./dom.js";

const SERIES = ["queries", "answers", "errors"];

/** The line through these values; it is interrupted where nobody counted. */
function path(values, most, width, height) {
  const step = width / Math.max(1, values.length - 1);
  let drawing = "";
  let pen = "M";
  values.forEach((value, index) => {
    if (value === null) {
      pen = "M";
      return;
    }
    drawing += `${pen}${(index * step).toFixed(1)} ${(height - (value / most) * height).toFixed(1)}`;
    pen = "L";
  });
  return drawing;
}

const highest = (all) => Math.max(1, ...all.map((value) => value ?? 0));

/** A small line without words, for a row of a table. */
export function spark(recent) {
  const most = highest([...recent.queries, ...recent.errors]);
  return svg("svg", { class: "spark", viewBox: "0 0 60 20", preserveAspectRatio: "none", "aria-hidden": "true" },
    ["queries", "errors"].map((name) => svg("path", { class: name, d: path(recent[name], most, 60, 19) })));
}

/** Queries, answers and errors, with what they are in words. */
export function chart(data, seconds, from, label) {
  const most = highest(SERIES.flatMap((name) => data[name]));
  const until = new Date(new Date(from).getTime() + data.queries.length * seconds * 1000);
  const time = (moment) => new Date(moment).toLocaleTimeString();
  const sums = SERIES.map((name) => `${count(data[name].reduce((sum, value) => sum + (value ?? 0), 0))} ${name}`);
  const words = `${label}, from ${time(from)} to ${time(until)}: ${sums.join(", ")}; at most ${count(most)} in ${seconds} s`;
  return h("figure", {},
    svg("svg", { class: "chart", viewBox: "0 0 600 160", preserveAspectRatio: "none", role: "img", "aria-label": words },
      [0, 80, 160].map((y) => svg("line", { class: "axis", x1: 0, x2: 600, y1: y, y2: y })),
      SERIES.map((name) => svg("path", { class: name, d: path(data[name], most, 600, 156) }))),
    h("figcaption", {}, words, h("br"),
      SERIES.map((name) => [svg("svg", { class: "key", viewBox: "0 0 16 6", "aria-hidden": "true" }, svg("path", { class: name, d: "M0 3L16 3" })), ` ${name}  `])));
}

/** When a server was in trouble: a bar of steps, and what it says in words. */
export function outages({ from, step_s: step, states }) {
  const steps = (word) => states.filter((state) => state === word).length;
  const begin = new Date(from);
  const length = step * states.length;
  const span = length < 7200 ? `${Math.round(length / 60)} min` : length < 172800 ? `${Math.round(length / 3600)} h` : `${Math.round(length / 86400)} days`;
  const each = step < 3600 ? `${step / 60} min` : `${step / 3600} h`;
  const words = `The last ${span} in steps of ${each}, from ${begin.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" })}: down in ${steps("down")}, degraded in ${steps("degraded")} of ${states.length}`;
  return h("figure", {},
    svg("svg", { class: "outages", viewBox: `0 0 ${states.length} 10`, preserveAspectRatio: "none", role: "img", "aria-label": words },
      states.map((state, index) => svg("rect", { class: `is-${state}`, x: index, width: 0.9, y: state === "down" ? 0 : state === "degraded" ? 4 : 8, height: state === "down" ? 10 : state === "degraded" ? 6 : 2 }))),
    h("figcaption", {}, words));
}
