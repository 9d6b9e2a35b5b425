// Shows openapi.json as a page. Builds elements and text alone, never HTML from strings. Not here: sending requests; the
// curl lines are for that.

"use strict";

const METHODS = ["get", "post", "put", "delete"];
// Where the API is: the page's own directory, whatever prefix it is mounted under.
const BASE = new URL(".", document.baseURI).href.replace(/\/$/, "");

let spec;

function h(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children.flat(3).filter((child) => child != null && child !== ""));
  return element;
}

function resolve(value) {
  let seen = 0;
  let described;
  while (value?.$ref && seen++ < 10) {
    described ??= value.description;
    value = value.$ref
      .slice(2)
      .split("/")
      .reduce((place, key) => place?.[key.replaceAll("~1", "/").replaceAll("~0", "~")], spec);
  }
  return described ? { ...value, description: described } : (value ?? {});
}

function refName(schema) {
  return schema?.$ref?.split("/").pop();
}

// `code` inside a line; the name of a schema leads to it.
function inline(text) {
  return text.split(/(`[^`]+`)/).map((part) => {
    if (!/^`.+`$/.test(part)) return part;
    const word = part.slice(1, -1);
    const element = h("code", {}, word);
    return spec.components.schemas[word] ? h("a", { href: `#schema-${word}` }, element) : element;
  });
}

function tableOf(lines) {
  const rows = lines
    .filter((line) => !/^\|[\s|:-]+\|$/.test(line))
    .map((line) => line.split("|").slice(1, -1).map((cell) => inline(cell.trim())));
  const [head, ...body] = rows;
  return h(
    "table",
    {},
    h("thead", {}, h("tr", {}, head.map((cell) => h("th", {}, cell)))),
    h("tbody", {}, body.map((row) => h("tr", {}, row.map((cell) => h("td", {}, cell))))),
  );
}

// Paragraphs and tables: all the Markdown that our own document uses.
function prose(text) {
  return (text ?? "")
    .split(/\n\n+/)
    .filter(Boolean)
    .map((block) => {
      const lines = block.split("\n");
      if (lines.every((line) => line.startsWith("|"))) return tableOf(lines);
      return h("p", {}, inline(lines.join(" ")));
    });
}

function code(text) {
  const copy = h("button", { class: "copy", type: "button" }, "Copy");
  copy.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text);
      copy.textContent = "Copied";
    } catch {
      // Without a secure context there is no clipboard: select the text instead.
      getSelection()?.selectAllChildren(copy.parentElement.querySelector("pre"));
      copy.textContent = "Selected";
    }
    setTimeout(() => (copy.textContent = "Copy"), 1500);
  });
  return h("div", { class: "code" }, h("pre", { tabindex: "0" }, h("code", {}, text)), copy);
}

// What a schema's value is, in a few words.
function kind(schema) {
  const name = refName(schema);
  const actual = resolve(schema);
  const options = actual.oneOf ?? actual.anyOf;
  if (options && !actual.properties) return options.map((option) => kind(option)).join(" or ");
  const types = [actual.type ?? (actual.allOf ? "object" : "any")].flat();
  return types
    .map((type) => {
      if (type === "array") return `array of ${kind(actual.items ?? {})}`;
      if (type === "object" && name) return name;
      if (type === "string" && actual.format) return actual.format;
      return type;
    })
    .join(" or ");
}

function limits(schema) {
  const actual = resolve(schema);
  const range = (low, high, unit) => {
    if (low == null && high == null) return null;
    if (low == null) return `at most ${high} ${unit}`.trim();
    if (high == null) return `at least ${low} ${unit}`.trim();
    return low === high ? `${low} ${unit}`.trim() : `${low} to ${high} ${unit}`.trim();
  };
  return [
    actual.enum && `one of ${actual.enum.join(", ")}`,
    range(actual.minLength, actual.maxLength, "characters"),
    range(actual.minimum, actual.maximum, ""),
    range(actual.minItems, actual.maxItems, "items"),
    actual.default !== undefined && `default ${JSON.stringify(actual.default)}`,
    actual.pattern && actual.pattern.length < 60 && `matches ${actual.pattern}`,
  ].filter(Boolean);
}

// The schemas that hold a value's members: the value's own, its items', its options'.
function inner(schema) {
  const actual = resolve(schema);
  if (actual.properties || actual.allOf) return [schema];
  if (actual.items) return inner(actual.items);
  if (typeof actual.additionalProperties === "object") return inner(actual.additionalProperties);
  return (actual.oneOf ?? actual.anyOf ?? []).flatMap(inner);
}

function fields(schema, depth = 0) {
  const actual = resolve(schema);
  const parts = actual.allOf ? actual.allOf.map(resolve) : [actual];
  const list = h("ul", { class: "fields" });
  for (const part of parts) {
    for (const [name, property] of Object.entries(part.properties ?? {})) {
      const needed = (part.required ?? []).includes(name);
      list.append(field(name, property, needed, depth));
    }
  }
  return list.childElementCount ? list : null;
}

function field(name, schema, needed, depth) {
  const actual = resolve(schema);
  const nested = depth < 6 ? inner(schema) : [];
  const item = h(
    "li",
    {},
    h("code", { class: "name" }, name),
    " ",
    h("span", { class: "kind" }, kind(schema)),
    needed ? h("span", { class: "required" }, " required") : null,
    prose(actual.description),
    limits(schema).length ? h("p", { class: "limits" }, limits(schema).join(" · ")) : null,
  );
  for (const part of nested) {
    const more = h("details", { class: "more" }, h("summary", {}, refName(part) ?? "Members"));
    // Built when it is opened: schemas may refer to each other.
    more.addEventListener("toggle", () => more.childElementCount === 1 && more.append(fields(part, depth + 1) ?? ""), {
      once: true,
    });
    item.append(more);
  }
  return item;
}

function example(schema, depth = 0) {
  const actual = resolve(schema);
  if (actual.examples?.length) return actual.examples[0];
  if (actual.example !== undefined) return actual.example;
  if (depth > 6) return null;
  if (actual.allOf) return Object.assign({}, ...actual.allOf.map((part) => example(part, depth + 1)));
  const option = (actual.oneOf ?? actual.anyOf)?.find((one) => one.type !== "null");
  if (option) return example(option, depth + 1);
  if (actual.enum) return actual.enum[0];
  const type = [actual.type].flat()[0];
  if (type === "array") return actual.items ? [example(actual.items, depth + 1)] : [];
  if (type === "object") {
    const entries = Object.entries(actual.properties ?? {});
    return Object.fromEntries(entries.map(([name, property]) => [name, example(property, depth + 1)]));
  }
  if (type === "integer" || type === "number") return actual.minimum ?? 0;
  if (type === "boolean") return true;
  return "…";
}

function mediaOf(content) {
  const [type, media] = Object.entries(content ?? {})[0] ?? [];
  return type ? { type, ...media } : null;
}

function exampleText(media) {
  const value = media.example ?? example(media.schema ?? {});
  return typeof value === "string" ? value : JSON.stringify(value, null, 2);
}

function curl(method, path, operation) {
  const quote = (text) => `'${text.replaceAll("'", `'\\''`)}'`;
  const parameters = (operation.parameters ?? []).map(resolve);
  let address = path.replace(/\{(\w+)\}/g, (_, name) => {
    const known = parameters.find((parameter) => parameter.in === "path" && parameter.name === name);
    return encodeURIComponent(known?.example ?? name);
  });
  const needed = parameters.filter((parameter) => parameter.in === "query" && parameter.required);
  if (needed.length) address += `?${needed.map((one) => `${one.name}=${one.example ?? 0}`).join("&")}`;
  const lines = [`curl${path.endsWith("/stream") ? " -N" : ""} ${quote(BASE + address)}`];
  if (method !== "get") lines[0] += ` -X ${method.toUpperCase()}`;
  const security = Object.keys(operation.security?.[0] ?? {})[0];
  if (security) lines.push(`-H "Authorization: Bearer $${security === "apiKey" ? "GRELOT_API_KEY" : "TOKEN"}"`);
  const body = mediaOf(resolve(operation.requestBody).content);
  if (body) {
    lines.push("-H 'Content-Type: application/json'");
    lines.push(`-d ${quote(JSON.stringify(example(body.schema)))}`);
  }
  return lines.join(" \\\n  ");
}

function parameterList(operation) {
  const parameters = (operation.parameters ?? []).map(resolve);
  if (!parameters.length) return [];
  const items = parameters.map((parameter) => {
    const schema = { ...resolve(parameter.schema), description: parameter.description };
    const item = field(parameter.name, schema, parameter.required, 6);
    item.querySelector(".kind").append(` · ${parameter.in}`);
    return item;
  });
  return [h("h4", {}, "Parameters"), h("ul", { class: "fields" }, items)];
}

function bodyOf(operation) {
  const body = resolve(operation.requestBody);
  const media = mediaOf(body.content);
  if (!media) return [];
  const title = body.required ? "Body" : "Body, optional";
  return [
    h("h4", {}, title, " ", h("span", { class: "kind" }, media.type)),
    prose(resolve(media.schema).description),
    fields(media.schema),
    h("h5", {}, "Example"),
    code(exampleText(media)),
  ];
}

function response(status, reference) {
  const answer = resolve(reference);
  const media = mediaOf(answer.content);
  const headers = Object.entries(answer.headers ?? {}).map(([name, header]) => {
    const actual = resolve(header);
    return field(name, { ...resolve(actual.schema), description: actual.description }, false, 6);
  });
  return h(
    "details",
    { open: status.startsWith("2") },
    h("summary", {}, h("span", { class: "status" }, status), " ", inline(answer.description ?? "")),
    media?.schema ? inner(media.schema).map((part) => fields(part)) : null,
    media ? [h("h5", {}, `Example, ${media.type}`), code(exampleText(media))] : null,
    headers.length ? [h("h5", {}, "Headers"), h("ul", { class: "fields" }, headers)] : null,
  );
}

function operationElement(path, method, operation) {
  const inside = h("div", { class: "inside" });
  const element = h(
    "details",
    { class: "operation", id: operation.operationId },
    h(
      "summary",
      {},
      h("span", { class: `method ${method}` }, method.toUpperCase()),
      h("h3", {}, path),
      h("span", {}, operation.summary ?? ""),
    ),
    inside,
  );
  // Built when it is opened, which keeps the page light.
  const build = () => {
    if (inside.childElementCount) return;
    inside.append(
      ...prose(operation.description),
      ...parameterList(operation),
      ...bodyOf(operation).flat().filter(Boolean),
      h("h4", {}, "Try it"),
      code(curl(method, path, operation)),
      h("h4", {}, "Responses"),
      h("div", { class: "responses" }, Object.entries(operation.responses).map(([status, one]) => response(status, one))),
    );
  };
  element.addEventListener("toggle", () => element.open && build());
  return element;
}

function schemaElement([name, schema]) {
  const element = h(
    "details",
    { class: "operation", id: `schema-${name}` },
    h("summary", {}, h("h3", {}, name), h("span", {}, kind({ ...resolve(schema) }))),
  );
  const build = () =>
    element.append(
      h(
        "div",
        { class: "inside" },
        prose(resolve(schema).description),
        limits(schema).length ? h("p", { class: "limits" }, limits(schema).join(" · ")) : null,
        inner(schema).map((part) => [part === schema ? null : h("h5", {}, refName(part)), fields(part)]),
        h("h5", {}, "Example"),
        code(exampleText({ schema })),
      ),
    );
  element.addEventListener("toggle", build, { once: true });
  return element;
}

function show() {
  document.getElementById("version").textContent = spec.info.version;
  const content = document.getElementById("content");
  const index = document.getElementById("index");
  const operations = Object.entries(spec.paths).flatMap(([path, item]) =>
    METHODS.filter((method) => item[method]).map((method) => ({ path, method, operation: item[method] })),
  );
  content.replaceChildren(...prose(spec.info.description));
  const groups = [];
  for (const tag of spec.tags ?? []) {
    const own = operations.filter(({ operation }) => operation.tags?.includes(tag.name));
    const section = h("section", {}, h("h2", {}, tag.name), prose(tag.description));
    const list = h("ul", {});
    const rows = own.map(({ path, method, operation }) => {
      const element = operationElement(path, method, operation);
      const link = h("li", {}, h("a", { href: `#${operation.operationId}` }, operation.summary ?? path));
      section.append(element);
      list.append(link);
      return { element, link, text: `${method} ${path} ${operation.summary} ${operation.operationId}`.toLowerCase() };
    });
    const heading = h("h2", {}, tag.name);
    content.append(section);
    index.append(heading, list);
    groups.push({ section, heading, rows });
  }
  const schemas = Object.entries(spec.components.schemas).map(schemaElement);
  content.append(h("section", { id: "schemas" }, h("h2", {}, "Schemas"), schemas));
  index.append(h("h2", {}, "Schemas"), h("ul", {}, h("li", {}, h("a", { href: "#schemas" }, "Every schema"))));
  return groups;
}

function filter(groups, wanted) {
  for (const { section, heading, rows } of groups) {
    for (const row of rows) row.element.hidden = row.link.hidden = !row.text.includes(wanted);
    section.hidden = heading.hidden = rows.every((row) => row.element.hidden);
  }
}

function openLinked() {
  const element = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (element instanceof HTMLDetailsElement) {
    element.open = true;
    element.scrollIntoView();
  }
}

async function start() {
  try {
    const answer = await fetch("openapi.json");
    if (!answer.ok) throw new Error(`openapi.json answered ${answer.status}`);
    spec = await answer.json();
  } catch (error) {
    document.getElementById("status").textContent = `The document could not be loaded: ${error.message}`;
    return;
  }
  const groups = show();
  const input = document.getElementById("filter");
  input.addEventListener("input", () => filter(groups, input.value.trim().toLowerCase()));
  addEventListener("hashchange", openLinked);
  openLinked();
}

start();
