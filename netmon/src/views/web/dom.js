// Elements from data. Text only ever becomes text: whatever a packet says cannot become markup.

const SVG = "http://www.w3.org/2000/svg";

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return element;
}

export const h = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);
export const svg = (tag, attributes, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);

/** Sets a text, only where it is another one: a reader's selection and focus stay. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export const word = (state) => h("span", { class: `word ${state}` }, state.toUpperCase());

export const count = (number) => number.toLocaleString("en");
/** So many of them, in words. */
export const some = (number, one, many) => `${count(number)} ${number === 1 ? one : many}`;
export const rate = (number) => (number < 100 ? number.toFixed(1) : count(Math.round(number)));
export const share = (part) => (part === null ? "-" : part > 0.99 && part < 1 ? "> 99 %" : `${Math.round(part * 100)} %`);

export function micros(time) {
  if (time === null) return "-";
  if (time < 1000) return `${time} µs`;
  return time < 1e6 ? `${(time / 1e3).toPrecision(3)} ms` : `${(time / 1e6).toPrecision(3)} s`;
}

export const clock = (text) => new Date(text).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" });

export function length(from, to) {
  const seconds = Math.max(0, Math.round((new Date(to) - new Date(from)) / 1000));
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7200 ? `${Math.floor(seconds / 60)} min` : `${Math.floor(seconds / 3600)} h`;
}

export const title = (server, info) => (info?.name ? `${server} (${info.name})` : server);
const service = (one) => `${title(one.server, one.server_info)} ${one.transport} port ${one.port}`;

const KINDS = { unreachable: "is unreachable", unanswered: "does not answer", failing: "answers with failures" };
export const headline = (one) => `${service(one)} ${KINDS[one.kind] ?? one.kind}`;
export const incidentLink = (one) => h("a", { href: `#/incidents/${encodeURIComponent(one.id)}` }, headline(one));
/** A process, with where it runs: `unbound (pid 77, unbound.service)`. */
export function process(one) {
  const details = [one.pid === null ? null : `pid ${one.pid}`, one.container ? `container ${one.container.slice(0, 12)}` : one.unit].filter(Boolean);
  return `${one.process ?? "a process"}${details.length ? ` (${details.join(", ")})` : ""}`;
}
export const listed = (all, more) => [...all.slice(0, 5), ...(more + Math.max(0, all.length - 5) > 0 ? [`${count(more + Math.max(0, all.length - 5))} more`] : [])].join(", ") || "nobody known";
