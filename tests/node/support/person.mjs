// A person with a browser that has cookies and forms and no script: fetches pages, follows redirects, fills forms.

const MAX_HOPS = 10;

const ENTITIES = { "&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#x27;": "'", "&#39;": "'", "&#38;": "&", "&#34;": '"' };

function decode(text) {
  return text.replace(/&(amp|lt|gt|quot|#x27|#3[489]);/g, (entity) => ENTITIES[entity]);
}

function attributes(tag) {
  const pairs = tag.matchAll(/([a-z-]+)(?:="([^"]*)")?/gi);
  return Object.fromEntries(Array.from(pairs, ([, name, value]) => [name.toLowerCase(), decode(value ?? "")]));
}

/** What a page holds: its forms, and where it takes the person by itself. */
export class Page {
  constructor(url, status, html) {
    Object.assign(this, { url, status, html });
  }

  forms() {
    return Array.from(this.html.matchAll(/<form\b([^>]*)>(.*?)<\/form>/gs), ([, opening, inside]) => {
      const controls = Array.from(inside.matchAll(/<(input|button)\b([^>]*)>/g), ([, tag, rest]) => ({ tag, ...attributes(rest) }));
      return { ...attributes(opening), controls };
    });
  }

  /** The form that has a control of that name. */
  form(name) {
    const found = this.forms().find((form) => form.controls.some((control) => control.name === name));
    if (!found) throw new Error(`no form with ${name} at ${this.url} (${this.status}): ${this.text()}`);
    return found;
  }

  /** Where `<meta http-equiv="refresh">` leads. */
  refresh() {
    const [, content] = this.html.match(/<meta http-equiv="refresh" content="0;\s*url=([^"]*)"/i) ?? [];
    return content === undefined ? undefined : decode(content);
  }

  text() {
    return this.html.replace(/<[^>]*>/g, " ").replace(/\s+/g, " ").trim();
  }
}

export class Person {
  #cookies = new Map();

  /** `origin` is the only place that gets the person's cookies. */
  constructor(origin, { email, password }) {
    Object.assign(this, { origin, email, password });
  }

  /** Goes to a page of the server; ends at a page, or at the URL of another origin that the server sends to. */
  async visit(url, init = {}) {
    let at = new URL(url, this.origin);
    for (let hop = 0; hop < MAX_HOPS; hop += 1) {
      if (at.origin !== this.origin) return at;
      const answer = await fetch(at, { ...init, redirect: "manual", headers: { ...init.headers, cookie: this.#cookieHeader() } });
      this.#keep(answer);
      const location = answer.headers.get("location");
      if (!location) return new Page(at.href, answer.status, await answer.text());
      await answer.body?.cancel();
      at = new URL(location, at);
      init = {};
    }
    throw new Error(`more than ${MAX_HOPS} redirects, last to ${at}`);
  }

  /** Sends a form as a browser does: what is hidden or typed, and the button that is pressed. */
  async submit(page, form, { typed = {}, ticked = [], pressed } = {}) {
    const body = new URLSearchParams();
    for (const control of form.controls) {
      const { tag, type, name, value } = control;
      if (!name) continue;
      if (tag === "button" || type === "submit") {
        if (pressed === value) body.append(name, value);
      } else if (type === "checkbox" || type === "radio") {
        if ("checked" in control || ticked.includes(value)) body.append(name, value || "on");
      } else {
        body.append(name, typed[name] ?? value ?? "");
      }
    }
    const headers = { "content-type": "application/x-www-form-urlencoded", origin: this.origin, "sec-fetch-site": "same-origin" };
    return this.visit(new URL(form.action || page.url, page.url), { method: "POST", headers, body: body.toString() });
  }

  /** Opens an authorization request, signs in where asked, decides, and gives the URL that the app is sent to. */
  async decide(url, decision = "allow") {
    let page = await this.visit(url);
    if (page instanceof Page && page.forms().some((form) => form.controls.some(({ name }) => name === "password"))) {
      page = await this.submit(page, page.form("password"), { typed: { email: this.email, password: this.password } });
    }
    if (page instanceof URL) return page;
    page = await this.submit(page, page.form("decision"), { pressed: decision });
    if (page instanceof URL) return page;
    const next = page.refresh();
    if (!next) throw new Error(`nothing leads on from ${page.url} (${page.status}): ${page.text()}`);
    return new URL(next);
  }

  #cookieHeader() {
    return Array.from(this.#cookies, ([name, value]) => `${name}=${value}`).join("; ");
  }

  #keep(answer) {
    for (const cookie of answer.headers.getSetCookie()) {
      const [pair, ...rest] = cookie.split(";");
      const [name, value] = [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)];
      const over = rest.some((attribute) => /^\s*max-age=0$/i.test(attribute));
      if (over) this.#cookies.delete(name);
      else this.#cookies.set(name, value);
    }
  }
}
