// The overview: what is open, what passed, and the servers.

import { chart, spark } from "./chart.js";
import { clock, count, h, incidentLink, length, listed, micros, process, rate, say, share, some, title, word } from "./dom.js";

const PAGE = 50;
/** Steps that are drawn at least. */
const SHORTEST = 30;
const COLUMNS = [
  ["server", "Server"], ["state", "State"], ["queries", "Queries/s"], ["answers", "Answers/s"], ["errors", "Errors/s"],
  ["answered", "Answered"], ["p50", "Median"], ["p99", "99 %"], [null, "Last 2 min"], [null, "Resolver"], ["name", "Owner"],
];
const NUMBERS = new Set(["queries", "answers", "errors", "answered", "p50", "p99"]);

/** Open incidents as a list; empty where there are none. */
export function openIncidents(summary) {
  return summary.open.map((one) => h("li", { class: `is-${one.severity}` },
    h("p", {}, word(one.severity), " ", incidentLink(one)),
    h("p", {}, `since ${clock(one.began)} (${length(one.began, summary.time)}); ${some(one.queries, "query", "queries")}, ${some(one.answers, "answer", "answers")}`),
    one.causes.slice(0, 1).map((cause) => h("p", {}, `${cause.cause} (${cause.likelihood}): ${cause.evidence}`)),
    h("p", { class: "quiet" }, `hits ${listed(one.clients, one.clients_more)}; asked for ${listed(one.names, one.names_more)}${one.askers?.length ? `; by ${listed(one.askers.map(process), one.askers_more ?? 0)}` : ""}`)));
}

/** netmon does not answer: the line above says so, and the next summary brings what is missing. */
const gone = () => {};

export function overview(get) {
  const query = { sort: "activity", reverse: false, filter: "", offset: 0 };
  const open = h("ul", { class: "incidents" });
  const openTitle = h("h2", {}, "Open incidents");
  const drawing = h("div");
  const hours = h("select", { id: "hours", onchange: () => timeline().catch(gone) }, [1, 3, 6].map((one) => h("option", { value: one }, `${one} h`)));
  const caption = h("caption", {}, "Servers");
  const heads = COLUMNS.map(([sort, name]) => h("th", { scope: "col", class: NUMBERS.has(sort) ? "number" : null },
    sort ? h("button", { type: "button", onclick: () => order(sort) }, name) : name));
  const body = h("tbody");
  const search = h("input", { id: "search", type: "search", placeholder: "state:down client:192.0.2. name:example", oninput: () => { query.filter = search.value; query.offset = 0; soon(); } });
  const back = h("button", { type: "button", onclick: () => turn(-PAGE) }, "Earlier");
  const on = h("button", { type: "button", onclick: () => turn(PAGE) }, "More");
  const past = h("ul");

  let waiting = null;
  function soon() {
    clearTimeout(waiting);
    waiting = setTimeout(() => servers().catch(gone), 150);
  }
  function order(sort) {
    query.reverse = query.sort === sort && !query.reverse;
    query.sort = sort;
    query.offset = 0;
    servers().catch(gone);
  }
  function turn(by) {
    query.offset = Math.max(0, query.offset + by);
    servers().catch(gone);
  }

  async function servers() {
    const found = await get(`servers?${new URLSearchParams({ ...query, limit: PAGE })}`);
    const last = Math.min(found.matching, found.offset + PAGE);
    say(caption, `Servers ${found.matching ? found.offset + 1 : 0} to ${last} of ${count(found.matching)}${query.filter ? ` (of ${count(found.total)})` : ""}`);
    back.disabled = found.offset === 0;
    on.disabled = last >= found.matching;
    heads.forEach((head, index) => {
      const sorted = COLUMNS[index][0] === query.sort;
      if (sorted) head.setAttribute("aria-sort", query.reverse ? "ascending" : "descending");
      else head.removeAttribute("aria-sort");
    });
    while (body.rows.length > found.servers.length) body.deleteRow(-1);
    found.servers.forEach((one, index) => row(body.rows[index] ?? body.appendChild(newRow()), one));
  }

  function newRow() {
    const line = h("tr", {}, h("th", { scope: "row" }, h("a")));
    COLUMNS.slice(1).forEach(([sort]) => line.append(h("td", { class: NUMBERS.has(sort) ? "number" : null })));
    return line;
  }
  function row(line, one) {
    const link = line.cells[0].firstChild;
    link.href = `#/servers/${encodeURIComponent(one.address)}`;
    say(link, title(one.address, one.server_info));
    if (line.cells[1].textContent !== one.state.toUpperCase()) line.cells[1].replaceChildren(word(one.state));
    const resolver = one.resolver ? `${one.resolver.position} of ${one.resolver.of}` : "";
    const texts = [rate(one.per_second.queries), rate(one.per_second.answers), rate(one.per_second.errors), share(one.answered),
      micros(one.latency_us.p50), micros(one.latency_us.p99), null, resolver, one.server_info?.owner ?? ""];
    texts.forEach((text, index) => { if (text !== null) say(line.cells[index + 2], text); });
    line.cells[8].replaceChildren(spark(one.recent));
  }

  async function timeline() {
    const flow = await get(`timeline?hours=${hours.value}`);
    // Before netmon was there is nothing to draw; but a picture of a few seconds says nothing either.
    const first = Math.min(flow.queries.findIndex((value) => value !== null), flow.queries.length - SHORTEST);
    const from = new Date(new Date(flow.from).getTime() + Math.max(0, first) * flow.step_seconds * 1000);
    const since = (all) => all.slice(Math.max(0, first));
    const shown = { queries: since(flow.queries), answers: since(flow.answers), errors: since(flow.errors) };
    drawing.replaceChildren(chart(shown, flow.step_seconds, from, "All servers"));
  }
  async function incidents() {
    const all = await get("incidents?state=closed");
    past.replaceChildren(...all.incidents.slice(0, 20).map((one) => h("li", {}, `${clock(one.began)}: `, incidentLink(one),
      ` for ${length(one.began, one.recovered ?? one.closed)} (${one.closed_because})`)));
    if (!all.incidents.length) past.replaceChildren(h("li", {}, "none"));
  }

  let shown = null;
  return {
    title: "Overview",
    nodes: [
      h("h1", {}, "DNS servers"), openTitle, open,
      h("h2", {}, "What passed"),
      h("div", { class: "controls" }, h("div", {}, h("label", { for: "hours" }, "The last"), hours)), drawing,
      h("h2", {}, "Servers"),
      h("div", { class: "controls" }, h("div", {}, h("label", { for: "search" }, "Search"), search), back, on),
      h("div", { class: "wide", tabindex: 0, role: "region", "aria-label": "Servers" }, h("table", {}, caption, h("thead", {}, h("tr", {}, heads)), body)),
      h("h2", {}, "Incidents that are over"), past,
    ],
    async update(summary) {
      const now = JSON.stringify(summary.open);
      if (now !== shown) {
        open.replaceChildren(...(summary.open.length ? openIncidents(summary) : [h("li", {}, "none")]));
        say(openTitle, `Open incidents (${summary.open.length})`);
      }
      await Promise.all([servers(), timeline(), now === shown ? null : incidents()]);
      shown = now;
    },
  };
}
