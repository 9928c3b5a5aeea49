// Drives Chromium for browser.rs: a command a line comes in, an answer a line goes out.
//   node browser.mjs MODULES URL
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const [modules, url] = process.argv.slice(2);
const require = createRequire(`${modules}/`);
const { chromium } = require("playwright-core");
const axe = require.resolve("axe-core/axe.min.js");

const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"] });
// The page's policy forbids scripts of others, and so axe: it is let in by the debugger, which no policy concerns.
const page = await browser.newPage({ viewport: { width: 1200, height: 900 } });
const complaints = [];
page.on("console", (message) => { if (["error", "warning"].includes(message.type()) && !message.text().includes("net::ERR")) complaints.push(message.text()); });
page.on("pageerror", (error) => complaints.push(String(error)));
let loads = 0;
page.on("load", () => { loads += 1; });

const axeSource = (await import("node:fs")).readFileSync(axe, "utf8");
/** Looks again and again, from outside: the page's policy forbids what playwright would have it wait by. */
async function until(is) {
  const before = Date.now();
  while (!(await is())) {
    if (Date.now() - before > 60000) throw new Error("it did not come");
    await new Promise((done) => setTimeout(done, 20));
  }
  return Date.now() - before;
}
const has = async (text) => (await page.evaluate(() => document.body.innerText)).includes(text);
const label = () => page.locator("svg.chart").first().getAttribute("aria-label");

const commands = {
  open: async (path) => { await page.goto(url + path); },
  see: async (text) => until(() => has(text)),
  miss: async (text) => until(async () => !(await has(text))),
  click: async (text) => { await page.getByRole("link", { name: text, exact: true }).first().click({ timeout: 60000 }); },
  push: async (text) => { await page.getByRole("button", { name: text, exact: true }).click({ timeout: 60000 }); },
  fill: async ({ label, text }) => { await page.getByLabel(label).fill(text); },
  press: async (key) => { await page.keyboard.press(key); return page.evaluate(() => document.activeElement.textContent.trim().slice(0, 60)); },
  text: async () => page.evaluate(() => document.body.innerText),
  scripts: async () => page.evaluate(() => document.querySelectorAll("script").length),
  chart: label,
  chartMoves: async (before) => until(async () => (await label()) !== before),
  scheme: async (scheme) => { await page.emulateMedia({ colorScheme: scheme }); },
  size: async ({ width, height }) => { await page.setViewportSize({ width, height }); },
  overflow: async () => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth),
  shot: async (path) => { await page.screenshot({ path, fullPage: false }); },
  axe: async () => {
    await page.evaluate(axeSource);
    const { violations } = await page.evaluate(() => window.axe.run());
    return violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html).join(" | ")}`);
  },
  // The longest time that the page was busy, while this was done to it: with a click and the layout after it, or with whatever else
  // the browser calls a long task (50 ms and more).
  busy: async (selector) => page.evaluate(async (selector) => {
    let longest = 0;
    new PerformanceObserver((list) => list.getEntries().forEach((entry) => { longest = Math.max(longest, entry.duration); })).observe({ type: "longtask" });
    for (const button of [...document.querySelectorAll(selector)]) {
      const before = performance.now();
      button.click();
      window.scrollBy(0, 400);
      document.body.getBoundingClientRect();
      longest = Math.max(longest, performance.now() - before);
      await new Promise((done) => setTimeout(done, 300));
    }
    return longest;
  }, selector),
  loads: async () => loads,
  complaints: async () => complaints,
};

for await (const line of createInterface({ input: process.stdin })) {
  const [name, argument] = JSON.parse(line);
  try {
    console.log(JSON.stringify({ ok: (await commands[name](argument)) ?? null }));
  } catch (error) {
    console.log(JSON.stringify({ error: String(error).slice(0, 500) }));
  }
}
await browser.close();
