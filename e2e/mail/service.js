// The real binary with a relay, asked as a back end and a user ask it. Not here: the relays, and how it is started and killed
// (`support/service`).

import { Service } from "../support/service.js";

const PATIENCE = 30_000;

/** Where links lead to: neither is where the service listens, so that a link that took its host from there shows. */
export const APP = "https://app.example.com/desk";
export const PUBLIC = "https://bell.example.com";

export class MailService extends Service {
  /** Starts one that mails by this relay. */
  static start(smtpUrl, { env, nodes } = {}) {
    return super.start({
      nodes,
      env: {
        GRELOT_SMTP_URL: smtpUrl,
        GRELOT_MAIL_FROM: "Example <bell@example.com>",
        GRELOT_PUBLIC_URL: PUBLIC,
        GRELOT_APP_URL: APP,
        GRELOT_MAIL_CONCURRENCY: "32",
        GRELOT_MAIL_RATE: "2000",
        ...env,
      },
    });
  }

  /** Where a link of a mail is really answered. */
  here(link) {
    if (!link.startsWith(`${PUBLIC}/`)) throw new Error(`${link} does not lead to the public URL`);
    return `${this.url}${link.slice(PUBLIC.length)}`;
  }

  /** Asks with the API key, or as a user; resolves to the status and the JSON. */
  async ask(method, where, body, user) {
    const bearer = user ? this.token(user) : this.apiKey;
    const url = where.startsWith("/api/internal/") ? this.internalUrl : this.url;
    const headers = { authorization: `Bearer ${bearer}`, "content-type": "application/json" };
    const answer = await fetch(`${url}${where}`, { method, headers, body: body && JSON.stringify(body) });
    const text = await answer.text();
    return { status: answer.status, json: text === "" ? null : JSON.parse(text) };
  }

  /** Asks, and is content with nothing but a yes. */
  async tell(method, where, body, user) {
    const { status, json } = await this.ask(method, where, body, user);
    if (status >= 300) throw new Error(`${method} ${where} was answered ${status}: ${JSON.stringify(json)}`);
    return json;
  }

  category(key, more = {}) {
    return this.tell("PUT", `/api/internal/categories/${key}`, { label: { en: key }, email: { mode: "now" }, ...more });
  }

  contact(user, more = {}) {
    return this.tell("PUT", `/api/internal/users/${user}`, { email: `${user}@example.com`, ...more });
  }

  /** Sends one; resolves to what the answer says of it. */
  async notify(user, more = {}) {
    const body = { userId: user, type: "INFO", title: "Invoice ready", ...more };
    return (await this.tell("POST", "/api/internal/notify", body)).notifications[0];
  }

  /** What became of the mail about a notification, when the condition holds for it. */
  async delivery(id, condition) {
    const end = Date.now() + PATIENCE;
    for (;;) {
      const { deliveries } = await this.tell("GET", `/api/internal/notifications/${id}`);
      if (deliveries.length === 1 && condition(deliveries[0])) return deliveries[0];
      if (Date.now() > end) throw new Error(`it stayed ${JSON.stringify(deliveries)}`);
    }
  }
}
