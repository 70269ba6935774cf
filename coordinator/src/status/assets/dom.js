// Elements, numbers and requests. Text only ever becomes text nodes: nothing
// that a library or a model wrote is read as markup.

export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined).map(asNode));
  return node;
}

function asNode(child) {
  return child instanceof Node ? child : document.createTextNode(String(child));
}

export function card(columns, title, ...children) {
  return el("section", { class: `card ${columns}` }, el("h2", {}, title), children);
}

export function bar(share, kind = "") {
  const inner = el("i");
  inner.style.width = `${Math.max(0, Math.min(1, share || 0)) * 100}%`;
  return el("div", { class: `bar ${kind}`, "aria-hidden": "true" }, inner);
}

export const whole = (number) => Number(number).toLocaleString("en-US");
export const percent = (share) => `${(share * 100).toFixed(share > 0 && share < 0.1 ? 1 : 0)} %`;
export const words = (label) => String(label).replaceAll("_", " ");
export const dollars = (amount) => `$${amount.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: amount < 1 && amount > 0 ? 4 : 2 })}`;

export function span(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  if (seconds < 60) return `${Math.round(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
  if (seconds < 172800) return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds / 60) % 60)} min`;
  return `${(seconds / 86400).toFixed(1)} days`;
}

export async function ask(path, options = {}) {
  const answer = await fetch(path, { ...options, cache: "no-store", credentials: "omit" });
  const body = await answer.json().catch(() => ({}));
  if (!answer.ok) throw Object.assign(new Error(body.error || `status ${answer.status}`), { status: answer.status });
  return body;
}
