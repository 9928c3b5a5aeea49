// Renders screens that tmux captured with their colours to pictures, for docs/views.md:
//   NETMON_SHOTS=DIR cargo xtask test the_screen_during_an_outage
//   node terminal.mjs MODULES DIR/*.ansi
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const [modules, ...screens] = process.argv.slice(2);
const { chromium } = createRequire(`${modules}/`)("playwright-core");
/** By number: red, green, yellow, grey. */
const COLOURS = { 1: "#ff6b68", 2: "#5cc79b", 3: "#f0b357", 8: "#8b929a" };
const escaped = (text) => text.replace(/[&<>]/g, (letter) => `&#${letter.codePointAt(0)};`);

/** SGR sequences (ECMA-48) as spans: what netmon top uses of them. */
function html(screen) {
  let [bold, under, reverse, colour] = [false, false, false, null];
  return screen.split(/(\x1b\[[0-9;]*m)/).map((part) => {
    const codes = part.match(/^\x1b\[([0-9;]*)m$/);
    if (!codes) {
      const [ink, page] = reverse ? ["#14171a", colour ?? "#e6e9ec"] : [colour ?? "#e6e9ec", "transparent"];
      return `<span style="color:${ink};background:${page};font-weight:${bold ? 700 : 400};text-decoration:${under ? "underline" : "none"}">${escaped(part)}</span>`;
    }
    const indexed = codes[1].match(/^38;5;([0-9]+)$/);
    if (indexed) {
      colour = COLOURS[indexed[1]] ?? null;
      return "";
    }
    for (const code of codes[1].split(";").map(Number)) {
      if (code === 0) [bold, under, reverse, colour] = [false, false, false, null];
      else if (code === 1) bold = true;
      else if (code === 4) under = true;
      else if (code === 7) reverse = true;
      else if (code === 39) colour = null;
    }
    return "";
  }).join("");
}

const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] });
const page = await browser.newPage({ viewport: { width: 1100, height: 800 } });
for (const screen of screens) {
  await page.setContent(`<body style="margin:0;background:#14171a"><pre style="display:inline-block;margin:0;padding:12px;font:15px/1.25 'DejaVu Sans Mono',monospace">${html(readFileSync(screen, "utf8"))}</pre>`);
  await page.locator("pre").screenshot({ path: screen.replace(/ansi$/, "png") });
}
await browser.close();
