// Asks Lighthouse about pages: a list of jobs as JSON on the standard input, one line of JSON per page on the output.
import { text } from "node:stream/consumers";
import * as chrome from "chrome-launcher";
import lighthouse, { desktopConfig } from "lighthouse";

const CATEGORIES = ["performance", "accessibility", "best-practices"];
const FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"];
const WEIGHTLESS = new Set(["informative", "notApplicable", "manual"]);

/** What Lighthouse holds against a page, the heaviest first: audits that cost points, or that merely tell. */
function findings(lhr, category) {
  return lhr.categories[category].auditRefs
    .map((ref) => ({ ...lhr.audits[ref.id], weight: ref.weight }))
    .filter((audit) => audit.score !== null && audit.score < 0.9 && !WEIGHTLESS.has(audit.scoreDisplayMode))
    .sort((one, other) => other.weight - one.weight)
    .map((audit) => ({
      id: audit.id,
      said: audit.displayValue ?? "",
      weight: audit.weight,
      nodes: [].concat(audit.details?.items ?? []).slice(0, 4).map((item) => item.node?.snippet ?? item.url ?? ""),
    }));
}

const browser = await chrome.launch({ chromeFlags: FLAGS });
try {
  for (const job of JSON.parse(await text(process.stdin))) {
    const flags = { port: browser.port, onlyCategories: CATEGORIES, maxWaitForLoad: 20_000, logLevel: "error" };
    if (job.cookie) flags.extraHeaders = { Cookie: job.cookie };
    const { lhr } = await lighthouse(job.url, flags, job.device === "desktop" ? desktopConfig : undefined);
    const numeric = (id) => lhr.audits[id]?.numericValue ?? null;
    const told = {
      page: job.page,
      device: job.device,
      shown: lhr.finalDisplayedUrl,
      scores: Object.fromEntries(CATEGORIES.map((name) => [name, lhr.categories[name].score])),
      findings: CATEGORIES.flatMap((name) => findings(lhr, name).map((each) => ({ category: name, ...each }))),
      lcp: numeric("largest-contentful-paint"),
      tbt: numeric("total-blocking-time"),
      cls: numeric("cumulative-layout-shift"),
      bytes: numeric("total-byte-weight"),
      error: lhr.runtimeError?.message ?? null,
      lighthouse: lhr.lighthouseVersion,
    };
    process.stdout.write(`${JSON.stringify(told)}\n`);
  }
} finally {
  await browser.kill();
}
