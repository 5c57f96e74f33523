// One Chromium with a virtual authenticator. Reads lines of JSON, each `{"name": …, "code": …}`: the body of a function of
// `page`, `context`, `cdp`, `browser`, `faults` and `axe`; writes what it gives, or what it throws, as a line.
import { createRequire } from "node:module";
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";

const [tools, executablePath] = process.argv.slice(2);
const { chromium } = createRequire(`${tools}/`)("playwright-core");
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
const context = await browser.newContext();
context.setDefaultTimeout(15000);
const page = await context.newPage();
// What a page's policy forbids, and what its script does not catch.
const faults = [];
page.on("pageerror", (error) => faults.push(String(error)));
page.on("console", (said) => { if (said.text().includes("Content Security Policy")) faults.push(said.text()); });
page.on("dialog", (dialog) => { faults.push(`dialog: ${dialog.message()}`); dialog.dismiss(); });
const cdp = await context.newCDPSession(page);
await cdp.send("WebAuthn.enable");
await cdp.send("WebAuthn.addVirtualAuthenticator", {
  options: {
    protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true,
    isUserVerified: true, automaticPresenceSimulation: true,
  },
});
// What is wrong with the page by WCAG 2 A and AA, as axe-core sees it: the rule and where.
async function axe() {
  await page.evaluate(await readFile(`${tools}/node_modules/axe-core/axe.min.js`, "utf8"));
  const found = await page.evaluate(() =>
    axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] }));
  const places = (rule) => rule.nodes.map((node) => `${node.target}: ${node.failureSummary}`);
  return { passes: found.passes.length, violations: found.violations.map((rule) => [rule.id, ...places(rule)]) };
}
const AsyncFunction = (async () => {}).constructor;
for await (const line of createInterface({ input: process.stdin })) {
  const { code } = JSON.parse(line);
  let told;
  try {
    const value = await new AsyncFunction("page", "context", "cdp", "browser", "faults", "axe", code)(page, context, cdp, browser, faults, axe);
    told = { value: value ?? null };
  } catch (error) {
    told = { error: String(error) };
  }
  process.stdout.write(`${JSON.stringify(told)}\n`);
}
await browser.close();
