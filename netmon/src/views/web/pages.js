// The pages of one server and of one incident.

import { chart, outages } from "./chart.js";
import { clock, count, h, headline, incidentLink, length, listed, micros, process, rate, share, some, title, word } from "./dom.js";

const facts = (pairs) => h("dl", {}, pairs.filter(([, value]) => value !== null && value !== "").map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));

function since(time, recent) {
  return new Date(new Date(time).getTime() - recent.queries.length * recent.seconds * 1000).toISOString();
}
const lately = (time, recent, label) => chart(recent, recent.seconds, since(time, recent), label);

/** Counters that are not zero, as a table. */
function counters(name, all) {
  const rows = Object.entries(all ?? {}).filter(([, value]) => typeof value === "number" && value > 0);
  const cells = rows.length ? rows : [["none", 0]];
  return h("table", { class: "small" }, h("caption", {}, name), h("tbody", {}, cells.map(([word, value]) => h("tr", {}, h("th", { scope: "row" }, word), h("td", { class: "number" }, count(value))))));
}

function server(page) {
  const { server: one, counts } = page;
  const most = Math.max(1, ...page.latency_buckets.map((bucket) => bucket.count));
  return [
    h("h1", {}, title(one.address, one.server_info), " ", word(one.state)),
    facts([
      ["Owner", one.server_info?.owner ?? null], ["Note", one.server_info?.note ?? null],
      ["Resolver", one.resolver ? `${one.resolver.position} of ${one.resolver.of} in ${one.resolver.by}` : null],
      ["A second", `${rate(one.per_second.queries)} queries, ${rate(one.per_second.answers)} answers, ${rate(one.per_second.errors)} errors`],
      ["Answered", share(one.answered)],
      ["Latency", `median ${micros(one.latency_us.p50)}, 99 % within ${micros(one.latency_us.p99)}, at most ${micros(one.latency_us.max)}`],
    ]),
    h("h2", {}, "The last two minutes"), lately(page.time, one.recent, title(one.address, one.server_info)),
    h("h2", {}, "Incidents"), page.incidents.length ? outages(page.outages) : null,
    h("ul", {}, page.incidents.length ? page.incidents.map((incident) => h("li", {}, `${clock(incident.began)}: `, incidentLink(incident), incident.state === "open" ? " (open)" : ` for ${length(incident.began, incident.recovered ?? incident.closed)}`)) : h("li", {}, "none")),
    h("h2", {}, "Counted"),
    facts([["Queries", count(one.queries)], ["Answers", count(one.answers)], ["Errors about DNS", count(one.errors)], ["Answers to no query", count(counts.unmatched_responses)]]),
    counters("Answers by rcode", counts.rcodes), counters("Errors about DNS by code", counts.dns_unreachable),
    h("h2", {}, "Latency"),
    h("table", { class: "small" }, h("caption", {}, "Answers by how long they took"), h("tbody", {}, page.latency_buckets.map((bucket) => h("tr", {}, h("th", { scope: "row" }, `up to ${micros(bucket.up_to_us)}`),
      h("td", {}, h("meter", { max: most, value: bucket.count, "aria-label": some(bucket.count, "answer", "answers") })), h("td", { class: "number" }, count(bucket.count)))))),
    h("h2", {}, "Who asks, and for what"),
    h("p", { class: "quiet" }, "In its incidents, and some of those that were seen lately."),
    facts([["Clients", page.clients], ["Names", page.names], ["Processes of this host", page.processes]].map(([name, all]) => [name, all.join(", ") || "none known"])),
  ];
}

/** The processes of this host that an incident hits; nothing where that is not noted. */
function processes(one) {
  if (!one.askers?.length) return [];
  const columns = [["Process", process], ["User", (asker) => asker.uid], ["Unit", (asker) => asker.unit], ["Container", (asker) => asker.container], ["Pod", (asker) => asker.pod], ["Queries", (asker) => count(asker.queries)], ["Errors", (asker) => count(asker.errors)]];
  const shown = columns.filter(([, of]) => one.askers.some((asker) => (of(asker) ?? "") !== ""));
  return [
    h("h2", {}, "Processes of this host that it hits"),
    h("div", { class: "wide", tabindex: 0, role: "region", "aria-label": "Processes" }, h("table", { class: "small" },
      h("caption", {}, one.askers_more ? `and ${count(one.askers_more)} more` : "Queries that netmon looked at, since it began"),
      h("thead", {}, h("tr", {}, shown.map(([name]) => h("th", { scope: "col" }, name)))),
      h("tbody", {}, one.askers.map((asker) => h("tr", {}, shown.map(([, of], index) => h(index ? "td" : "th", { scope: index ? null : "row" }, String(of(asker) ?? "")))))))),
  ];
}

function incident(page) {
  const { incident: one } = page;
  const report = `/api/v1/incidents/${encodeURIComponent(one.id)}/report?format=html`;
  return [
    h("h1", {}, headline(one), " ", one.state === "open" ? word(one.severity) : h("span", { class: "word well" }, "OVER")),
    facts([
      ["Server", h("a", { href: `#/servers/${encodeURIComponent(one.server)}` }, title(one.server, one.server_info))],
      ["Owner", one.server_info?.owner ?? null], ["Note", one.server_info?.note ?? null],
      ["Began", clock(one.began)], ["Last failure", clock(one.last_seen)],
      ["Recovered", one.recovered ? clock(one.recovered) : "not yet"], ["Closed", one.closed ? `${clock(one.closed)} (${one.closed_because})` : "no"],
      ["Lasts", length(one.began, one.recovered ?? one.closed ?? page.time)],
      ["Counted", `${some(one.queries, "query", "queries")}, ${some(one.answers, "answer", "answers")}, ${some(one.verified, "verified error", "verified errors")}${one.accepted === null ? "" : ` (${count(one.accepted)} handed to the asking sockets)`}`],
      ["Own queries", one.probe ? `${one.probe.confirmed ? "confirmed" : "not confirmed from this host"}: ${one.probe.udp} over UDP, ${one.probe.tcp} over TCP` : null],
      ["Hits", listed(one.clients, one.clients_more)], ["Asked for", listed(one.names, one.names_more)],
    ]),
    h("h2", {}, "Causes"),
    h("ol", {}, one.causes.map((cause) => h("li", {}, h("strong", {}, cause.cause), ` (${cause.likelihood}): ${cause.evidence}`))),
    ...processes(one),
    h("h2", {}, "Its server in the last two minutes"), lately(page.time, page.recent, title(one.server, one.server_info)),
    h("h2", {}, "Report"),
    h("p", {}, h("a", { href: report, target: "_blank", rel: "noopener" }, "The report as a page, to print or to hand in")),
    h("pre", { tabindex: 0, role: "region", "aria-label": "Report" }, page.report),
  ];
}

/** A page that is drawn again as a whole, unless somebody reads or types in it. */
function whole(path, get, draw) {
  const content = h("div");
  let shown = null;
  return {
    title: path,
    nodes: [content],
    async update() {
      const page = await get(path);
      const now = JSON.stringify({ ...page, time: null });
      const isRead = content.contains(document.activeElement) || !document.getSelection().isCollapsed;
      if (now === shown || (isRead && shown !== null)) return;
      shown = now;
      content.replaceChildren(...draw(page).flat(Infinity).filter((node) => node !== null));
    },
  };
}

export const serverPage = (address, get) => whole(`servers/${encodeURIComponent(address)}`, get, server);
export const incidentPage = (id, get) => whole(`incidents/${encodeURIComponent(id)}`, get, incident);
