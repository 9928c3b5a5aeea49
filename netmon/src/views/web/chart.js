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
