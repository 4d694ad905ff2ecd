// The system's Chromium. A person's browser has scripts off; axe-core needs them, so it gets a browser of its own.

import { existsSync } from "node:fs";

import { chromium } from "playwright-core";

const PLACES = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

export function launch() {
  const executablePath = PLACES.find((place) => place && existsSync(place));
  if (!executablePath) throw new Error(`no Chromium at ${PLACES.filter(Boolean).join(", ")}; set CHROMIUM`);
  return chromium.launch({ executablePath });
}

/** A browser in which no script runs, as the pages must work in. */
export function withoutScripts(browser, options = {}) {
  return browser.newContext({ javaScriptEnabled: false, ...options });
}
