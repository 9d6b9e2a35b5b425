// The demo page: an inbox over fetch and a native EventSource, which the cookie authenticates. No library.

const part = (name) => document.querySelector(`[data-part="${name}"]`);
const list = document.querySelector(".list");
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" });
const full = new Intl.DateTimeFormat("en", { dateStyle: "full", timeStyle: "medium" });

/** What is known: notifications by id, the counters, and how far the list has been walked. */
const state = { items: new Map(), unread: 0, seq: 0, cursor: null, tab: "all", live: false, heard: Date.now() };
const rows = new Map();
let source;

/** An element: properties that contain a dash or are no property become attributes. */
function el(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in element && !name.includes("-")) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

function icon(name, className) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("aria-hidden", "true");
  if (className) svg.setAttribute("class", className);
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#${name}`);
  svg.append(use);
  return svg;
}

async function call(method, path, body) {
  const init = { method };
  if (body !== undefined) {
    init.headers = { "content-type": "application/json" };
    init.body = JSON.stringify(body);
  }
  const response = await fetch(path, init);
  if (response.status === 401) throw new Error("This session is over. Reload the page.");
  const text = await response.text();
  const answer = text ? JSON.parse(text) : null;
  if (!response.ok) throw new Error(answer?.detail ?? `The service answered ${response.status}.`);
  return answer;
}

/** Runs an action of the user; a failure is told in words. */
async function attempt(action) {
  const error = part("error");
  try {
    error.hidden = true;
    return await action();
  } catch (failure) {
    const network = failure instanceof TypeError;
    const message = network ? "The service cannot be reached. Try again in a moment." : failure.message;
    if (!part("popover").matches(":popover-open")) return toast({ id: "", type: "ERROR", title: message });
    error.textContent = message;
    error.hidden = false;
  }
}

// The inbox ------------------------------------------------------------------------------------------------------------

async function load(cursor = null) {
  const query = new URLSearchParams({ limit: "50" });
  if (cursor) query.set("cursor", cursor);
  const page = await call("GET", `/api/notifications?${query}`);
  if (!cursor) state.items.clear();
  for (const item of page.notifications) state.items.set(item.id, item);
  state.cursor = page.nextCursor;
  if (!cursor) Object.assign(state, { unread: page.unreadCount, seq: page.seq });
  list.setAttribute("aria-busy", "false");
  render();
}

function ago(instant) {
  const seconds = (Date.now() - new Date(instant).getTime()) / 1000;
  const steps = [[60, 1, "second"], [3600, 60, "minute"], [86400, 3600, "hour"], [Infinity, 86400, "day"]];
  const [, size, unit] = steps.find(([limit]) => seconds < limit);
  return seconds < 10 ? "just now" : relative.format(-Math.floor(seconds / size), unit);
}

function makeRow(item) {
  const title = item.link ? el("a", { href: item.link }, item.title) : item.title;
  const time = el("time", { dateTime: item.createdAt, title: full.format(new Date(item.createdAt)) });
  const toggle = el("button", { type: "button", "data-part": "mark-read" });
  const remove = el("button", { type: "button", "data-part": "delete", title: "Delete" }, icon("bin"));
  remove.setAttribute("aria-label", `Delete: ${item.title}`);
  const row = el(
    "article",
    { className: "item", "data-part": "item", "data-id": item.id, "data-type": item.type, tabIndex: -1 },
    icon(item.type),
    el("div", { className: "title" }, title),
    el("div", { className: "body" }, item.body ?? ""),
    el("div", { className: "meta" }, time, item.category ? ` · ${item.category}` : ""),
    el("div", { className: "actions" }, toggle, remove),
  );
  toggle.addEventListener("click", () => setRead(item.id));
  remove.addEventListener("click", () => attempt(() => call("DELETE", `/api/notifications/${item.id}`)));
  row.querySelector("a")?.addEventListener("click", (event) => {
    // The links of the examples lead nowhere; a real application would follow them.
    event.preventDefault();
    if (!state.items.get(item.id)?.readAt) setRead(item.id);
  });
  return row;
}

function updateRow(row, item) {
  const unread = item.readAt === null;
  const label = unread ? "Mark as read" : "Mark as unread";
  row.dataset.unread = String(unread);
  const toggle = row.querySelector('[data-part="mark-read"]');
  toggle.title = label;
  toggle.setAttribute("aria-label", `${label}: ${item.title}`);
  toggle.replaceChildren(icon(unread ? "check" : "dot"));
  row.querySelector("time").textContent = ago(item.createdAt);
}

function setRead(id) {
  const verb = state.items.get(id)?.readAt === null ? "read" : "unread";
  return attempt(() => call("POST", `/api/notifications/${id}/${verb}`));
}

function render() {
  const wanted = [...state.items.values()]
    .filter((item) => state.tab === "all" || item.readAt === null)
    .sort((a, b) => b.seq - a.seq);
  for (const id of rows.keys()) if (!state.items.has(id)) rows.delete(id);
  const elements = wanted.map((item, index) => {
    if (!rows.has(item.id)) rows.set(item.id, makeRow(item));
    const row = rows.get(item.id);
    updateRow(row, item);
    row.setAttribute("aria-posinset", String(index + 1));
    row.setAttribute("aria-setsize", String(wanted.length));
    return row;
  });
  // Only what differs moves, so that focus stays where it is.
  for (const child of [...list.children]) if (!elements.includes(child)) child.remove();
  elements.forEach((row, index) => list.children[index] !== row && list.insertBefore(row, list.children[index] ?? null));
  part("empty").hidden = elements.length > 0;
  part("load-more").hidden = state.cursor === null;
  part("mark-all-read").disabled = state.unread === 0;
  part("tab-unread").textContent = state.unread ? `Unread (${state.unread})` : "Unread";
  renderBadge();
}

function renderBadge() {
  const bell = part("bell");
  const text = state.unread > 99 ? "99+" : String(state.unread);
  bell.setAttribute("aria-label", state.unread ? `Notifications, ${state.unread} unread` : "Notifications");
  document.title = state.unread ? `(${text}) Grelot demo` : "Grelot demo";
  let badge = part("badge");
  if (state.unread === 0) return badge?.remove();
  if (!badge) bell.append((badge = el("span", { className: "badge", "data-part": "badge", "aria-hidden": "true" })));
  const grew = Number.parseInt(text) > Number.parseInt(badge.textContent || "0");
  badge.textContent = text;
  badge.classList.toggle("grew", grew && state.live);
}

// The stream -----------------------------------------------------------------------------------------------------------

const handlers = {
  ready: () => { state.live = true; },
  reset: () => { state.live = true; attempt(load); },
  "notification.created": ({ notification }) => {
    state.items.set(notification.id, notification);
    if (state.live && notification.readAt === null) toast(notification);
  },
  "notification.read": ({ id, readAt }) => patch(id, readAt),
  "notification.unread": ({ id, readAt }) => patch(id, readAt),
  "notification.deleted": ({ id }) => { state.items.delete(id); dismiss(id); },
  "notification.all_read": ({ readAt, upToSeq, category }) => {
    for (const item of state.items.values()) {
      if (item.readAt === null && item.seq <= upToSeq && (category ?? item.category) === item.category) patch(item.id, readAt);
    }
  },
  "preferences.updated": () => attempt(loadPreferences),
  ping: () => {},
  expiring: () => {},
};

function patch(id, readAt) {
  const item = state.items.get(id);
  if (item) state.items.set(id, { ...item, readAt });
  if (readAt) dismiss(id);
}

function connect() {
  source?.close();
  state.live = false;
  state.heard = Date.now();
  source = new EventSource(`/api/notifications/stream?lastEventId=${state.seq}`);
  source.addEventListener("open", () => connection("open", "Live"));
  source.addEventListener("error", () => {
    state.live = false;
    const over = source.readyState === EventSource.CLOSED;
    connection(over ? "closed" : "connecting", over ? "Disconnected. Reload the page." : "Offline. Reconnecting…");
  });
  for (const [name, handle] of Object.entries(handlers)) {
    source.addEventListener(name, (event) => {
      const data = JSON.parse(event.data);
      Object.assign(state, { seq: data.seq, unread: data.unreadCount ?? state.unread, heard: Date.now() });
      handle(data);
      log(name, event.data);
      render();
    });
  }
}

function connection(name, text) {
  part("connection").dataset.state = name;
  part("connection").textContent = text;
}

function log(name, data) {
  const lines = document.getElementById("log");
  lines.prepend(el("li", {}, el("b", {}, name), ` ${data}`));
  while (lines.children.length > 50) lines.lastChild.remove();
}

// Toasts ---------------------------------------------------------------------------------------------------------------

function toast(item) {
  const close = el("button", { type: "button", "data-part": "toast-close", "aria-label": "Dismiss" }, icon("cross"));
  const box = el(
    "div",
    { className: "toast", "data-part": "toast", "data-id": item.id, "data-type": item.type },
    icon(item.type),
    el("div", { className: "title" }, item.title),
    close,
    el("div", { className: "body" }, item.body ?? ""),
  );
  let timer;
  const wait = () => { if (item.type !== "ERROR") timer = setTimeout(() => box.remove(), 5000); };
  box.addEventListener("pointerenter", () => clearTimeout(timer));
  box.addEventListener("pointerleave", wait);
  close.addEventListener("click", () => box.remove());
  wait();
  part("toaster").prepend(box);
  while (part("toaster").children.length > 3) part("toaster").lastChild.remove();
  const announcer = document.getElementById("announcer");
  announcer.setAttribute("aria-live", item.type === "ERROR" ? "assertive" : "polite");
  announcer.textContent = item.id ? `New notification: ${item.title}` : item.title;
}

function dismiss(id) {
  part("toaster").querySelector(`[data-id="${id}"]`)?.remove();
}

// Preferences ----------------------------------------------------------------------------------------------------------

async function loadPreferences() {
  const preferences = await call("GET", "/api/notifications/preferences");
  const channels = ["inApp", "email"];
  const master = el("tr", {}, el("th", { scope: "row" }, "Everything"));
  for (const channel of channels) {
    const change = (on) => ({ [channel]: on });
    master.append(el("td", {}, makeSwitch("", channel, "Everything", preferences[channel], false, change)));
  }
  const body = part("preferences").tBodies[0];
  const lines = preferences.effective.map(({ category, label, channels: effective }) => {
    const line = el("tr", {}, el("th", { scope: "row" }, label));
    for (const channel of channels) {
      const { enabled, locked } = effective[channel];
      const change = (on) => {
        const choice = { ...preferences.categories[category], [channel]: on };
        return { categories: { ...preferences.categories, [category]: choice } };
      };
      const off = locked || !preferences[channel];
      const cell = el("td", {}, makeSwitch(category, channel, label, enabled, off, change));
      if (locked) {
        cell.title = `${label} is always delivered here.`;
        cell.append(icon("lock", "lock"));
      }
      line.append(cell);
    }
    return line;
  });
  const focused = document.activeElement?.closest?.('[data-part="preference"]')?.dataset;
  body.replaceChildren(master, ...lines);
  if (focused) body.querySelector(`[data-category="${focused.category}"][data-channel="${focused.channel}"]`)?.focus();
}

function makeSwitch(category, channel, label, on, disabled, change) {
  const button = el("button", {
    type: "button", className: "switch", role: "switch", disabled, "aria-checked": String(on),
    "data-part": "preference", "data-category": category, "data-channel": channel,
    "aria-label": `${label}, ${channel === "inApp" ? "in the app" : "by email"}`,
  });
  button.addEventListener("click", async () => {
    const saved = document.getElementById("saved");
    button.setAttribute("aria-checked", String(!on));
    try {
      await call("PUT", "/api/notifications/preferences", change(!on));
      saved.textContent = "Saved";
    } catch (failure) {
      saved.textContent = failure.message;
    }
    await attempt(loadPreferences);
  });
  return button;
}

// The page -------------------------------------------------------------------------------------------------------------

function listen() {
  part("mark-all-read").addEventListener("click", () =>
    attempt(() => call("POST", "/api/notifications/read-all", { upToSeq: state.seq })));
  part("load-more").addEventListener("click", () => attempt(() => load(state.cursor)));
  for (const tab of ["all", "unread"]) {
    part(`tab-${tab}`).addEventListener("click", () => {
      state.tab = tab;
      for (const name of ["all", "unread"]) part(`tab-${name}`).setAttribute("aria-pressed", String(name === tab));
      render();
    });
  }
  part("popover").addEventListener("toggle", (event) => {
    const open = event.newState === "open";
    part("bell").setAttribute("aria-expanded", String(open));
    // A button that was disabled meanwhile has lost the focus, which then belongs to the bell.
    if (!open && document.activeElement === document.body) part("bell").focus();
  });
  for (const button of document.querySelectorAll("[data-example]")) {
    button.addEventListener("click", () => attempt(() => call("POST", "/demo/notify", { example: button.dataset.example })));
  }
  document.getElementById("copy").addEventListener("click", async ({ target }) => {
    await navigator.clipboard.writeText(document.getElementById("curl").textContent);
    target.textContent = "Copied";
  });
  setInterval(render, 30_000);
  // Two and a half pings without a word: the connection is dead, whatever the browser thinks.
  setInterval(() => Date.now() - state.heard > 75_000 && connect(), 5_000);
}

listen();
await attempt(load);
connect();
await attempt(loadPreferences);
