// The frame of all pages: which one is shown, the line that says how things are, and the stream that keeps it new.

import { h, say, word } from "./dom.js";
import { overview } from "./overview.js";
import { incidentPage, serverPage } from "./pages.js";
import { replayControls } from "./replay.js";

const RETRY = 1000;
const [main, verdict, link, host] = ["main", "verdict", "link", "host"].map((id) => document.getElementById(id));
const replay = replayControls(document.getElementById("replay"));
let page = null;
let summary = null;

/** netmon answers, but does not know it. */
class Refusal extends Error {}

async function get(path) {
  const answer = await fetch(`/api/v1/${path}`);
  if (!answer.ok) throw new Refusal((await answer.json().catch(() => null))?.error ?? `status ${answer.status}`);
  return answer.json();
}

function route() {
  const [, kind, which] = location.hash.split("/");
  if (kind === "servers" && which) return serverPage(decodeURIComponent(which), get);
  if (kind === "incidents" && which) return incidentPage(decodeURIComponent(which), get);
  return overview(get);
}

async function update() {
  if (!summary || !page) return;
  try {
    await page.update(summary);
  } catch (error) {
    // While netmon is gone the page stays as it was, and the line above says so.
    if (error instanceof Refusal) main.replaceChildren(h("h1", {}, "Not found"), h("p", {}, String(error.message)), h("p", {}, h("a", { href: "#/" }, "To the overview")));
  }
}

function show() {
  // A link within the page is none to another one.
  if (location.hash && !location.hash.startsWith("#/")) return;
  const isFirst = page === null;
  page = route();
  main.replaceChildren(...page.nodes);
  update().then(() => { if (!isFirst) main.focus(); });
}

function take(now) {
  summary = now;
  const text = `${now.state.toUpperCase()} ${now.sentence}`;
  if (verdict.textContent !== text) verdict.replaceChildren(word(now.state), ` ${now.sentence}`);
  say(host, `on ${now.host}`);
  document.title = `${now.state === "well" ? "" : `${now.state.toUpperCase()} `}netmon on ${now.host}`;
  replay.update(now);
  update();
}

/** Listens, and again a second after the connection is gone. */
function listen() {
  const stream = new EventSource("/api/v1/events");
  const summaries = (event) => { say(link, ""); take(JSON.parse(event.data)); };
  stream.addEventListener("summary", summaries);
  stream.addEventListener("stopped", summaries);
  // What happened is in the next summary, which need not wait.
  for (const name of ["incident_opened", "incident_closed"]) stream.addEventListener(name, () => get("summary").then(take, () => {}));
  stream.onerror = () => {
    stream.close();
    say(link, "netmon does not answer: what is shown is old. Trying again ...");
    setTimeout(listen, RETRY);
  };
}

addEventListener("hashchange", show);
show();
listen();
