// The reader: finished conversations, a page of the list at a time, each with
// its calls, their outputs, where every argument came from, and its pairs.

import { ask, el, whole, words } from "./dom.js";

const PAGE = 25;
let shown = { from: -1, total: 0 };

const numberOf = () => { const found = location.hash.match(/^#\/conversations\/(\d+)/); return found ? Number(found[1]) : null; };

export async function conversations(main) {
  const number = numberOf();
  const from = number === null ? Math.max(0, shown.from) : Math.floor(number / PAGE) * PAGE;
  const page = await ask(`/api/v1/samples?from=${from}&limit=${PAGE}`);
  shown = { from, total: page.total };
  if (!page.total) {
    main.replaceChildren(el("p", { class: "card empty" }, "No conversation is finished yet."));
    return;
  }
  const pane = el("article", { class: "card pane", tabindex: "-1", "aria-label": "conversation" },
    el("p", { class: "empty" }, "Choose a conversation. The keys j and k go to the next one and the one before."));
  const shelf = el("div", { class: `shelf ${number === null ? "" : "reading"}` }, listOf(page, number), pane);
  main.replaceChildren(shelf);
  if (number !== null) {
    pane.replaceChildren(...conversation(await ask(`/api/v1/samples/${number}`), page.total));
    shelf.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest" });
  }
}

function listOf(page, number) {
  const go = (from) => { shown.from = from; location.hash = numberOf() === null ? "#/conversations" : `#/conversations/${from}`; if (numberOf() === null) window.dispatchEvent(new HashChangeEvent("hashchange")); };
  const button = (text, from, may) => { const node = el("button", { type: "button", class: "quiet", disabled: !may }, text); node.addEventListener("click", () => go(from)); return node; };
  const last = page.from + page.samples.length;
  return el("section", { class: "card list", "aria-label": "list of conversations" },
    el("div", { class: "row" }, button("‹", page.from - PAGE, page.from > 0),
      el("span", { class: "soft" }, `${whole(page.from + 1)} – ${whole(last)} of ${whole(page.total)}`),
      button("›", page.from + PAGE, last < page.total)),
    el("ol", { start: page.from + 1 }, page.samples.map((sample) => el("li", {},
      el("a", { href: `#/conversations/${sample.number}`, "aria-current": sample.number === number ? "true" : null },
        el("div", { class: "said" }, sample.opening),
        el("div", { class: "meta" }, `${whole(sample.number + 1)} · ${count(sample.turns, "turn")} · ${count(sample.calls, "call")} · ${count(sample.pairs, "pair")} · ${sample.domains.join(", ")}`))))));
}

const count = (number, noun) => `${number} ${noun}${number === 1 ? "" : "s"}`;

export function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.("input, dialog")) return;
  if (!location.hash.startsWith("#/conversations")) return;
  const step = { j: 1, k: -1 }[event.key];
  if (!step) return;
  const next = numberOf() === null ? Math.max(0, shown.from) : numberOf() + step;
  if (next >= 0 && next < shown.total) location.hash = `#/conversations/${next}`;
}

function conversation({ number, record, pairs }, total) {
  const meta = record.metadata;
  const back = el("a", { class: "back", href: "#/conversations" }, "‹ all conversations");
  const origins = new Map();
  for (const entry of meta.provenance) origins.set(entry.call, [...(origins.get(entry.call) || []), entry]);
  return [back,
    el("div", { class: "row" }, el("h3", {}, `Conversation ${whole(number + 1)} of ${whole(total)}`), el("code", { class: "soft" }, record.id)),
    el("p", { class: "soft" }, `walk ${whole(meta.walk)} · ${words(meta.kind)} · ${meta.domains.join(", ")} · ${meta.persona} · teacher ${meta.teacher} · outputs by ${meta.executor}`),
    el("div", { class: "tags" }, meta.challenges.map((name) => el("span", { class: "tag ch" }, words(name))), meta.node_ops.map((op) => el("span", { class: "tag op" }, operation(op)))),
    meta.brief?.aim ? el("p", {}, el("b", {}, "aim "), meta.brief.aim) : null,
    system(record.messages),
    ...turns(record.messages).map((messages, turn) => showTurn(messages, turn, meta, origins)),
    tools(record.tools),
    pairs.map((pair) => showPair(pair, record.messages))].flat();
}

function turns(messages) {
  const all = [];
  for (const message of messages) {
    if (message.role === "user") all.push([message]);
    else if (all.length) all[all.length - 1].push(message);
  }
  return all;
}

function system(messages) {
  const first = messages[0];
  return first?.role === "system" ? el("details", { class: "reveal" }, el("summary", {}, "system prompt"), el("pre", {}, first.content)) : null;
}

function showTurn(messages, turn, meta, origins) {
  const outputs = new Map(messages.filter((message) => message.role === "tool").map((message) => [message.tool_call_id, message.content]));
  const path = (meta.signature_path[turn] || []).join(" → ");
  const added = meta.tools_added.filter((one) => one.turn === turn).flatMap((one) => one.tools.map((tool) => tool.function.name));
  const spans = meta.provenance.map((entry) => entry.source).filter((source) => source.kind === "user" && source.turn === turn);
  return el("section", { class: "turn" }, el("h3", {}, `Turn ${turn}`, path ? ` · ${path}` : ""),
    added.length ? el("p", { class: "soft" }, `now on offer: ${added.join(", ")}`) : null,
    brief(meta.brief?.turns[turn]),
    messages.map((message) => {
      if (message.role === "user") return el("div", { class: "say user" }, marked(message.content, spans));
      if (message.role === "assistant") return [message.content ? el("div", { class: "say assistant" }, message.content) : null,
        (message.tool_calls || []).map((call) => showCall(call, outputs.get(call.id), origins.get(call.id) || []))];
      return null;
    }).flat(2));
}

// What the person is after in a turn.
function brief(turn) {
  if (!turn) return null;
  const wants = turn.wants.map((want) => want.words).join("; ");
  const values = turn.values.map((value) => `${value.parameter}${value.value === null ? "" : ` = ${value.value}`} (${words(value.how)})`).join("; ");
  const rows = [["why", turn.why], ["wants", wants], ["brings", values]].filter(([, text]) => text);
  return rows.map(([label, text]) => el("p", { class: "soft" }, `${label}: ${text}`));
}

// What calls took from the request; spans count characters, not UTF-16 units.
function marked(text, spans) {
  const characters = [...text];
  const parts = [];
  let done = 0;
  for (const { start, end } of [...spans].sort((a, b) => a.start - b.start)) {
    if (start < done || end > characters.length) continue;
    parts.push(characters.slice(done, start).join(""), el("mark", {}, characters.slice(start, end).join("")));
    done = end;
  }
  return [...parts, characters.slice(done).join("")];
}

function parsed(text) {
  try { return JSON.parse(text); } catch { return null; }
}

const pretty = (text) => { const value = parsed(text); return value === null ? text : JSON.stringify(value, null, 2); };

function showCall(call, output, origins) {
  const values = parsed(call.function.arguments);
  const rows = values && typeof values === "object" ? Object.entries(values).map(([name, value]) => el("tr", {},
    el("td", {}, name), el("td", {}, typeof value === "string" ? value : JSON.stringify(value)),
    el("td", {}, origins.filter((entry) => topLevel(entry.argument) === name).map((entry) => origin(entry.source)).join(", ")))) : [];
  return el("div", { class: "call" }, el("div", { class: "head" }, `${call.function.name}`, el("span", { class: "soft" }, `  ${call.id}`)),
    rows.length ? el("table", {}, el("tbody", {}, rows)) : values ? null : el("pre", {}, call.function.arguments),
    output === undefined ? null : el("details", { open: output.length < 700 }, el("summary", {}, "output"), el("pre", {}, pretty(output))));
}

const topLevel = (pointer) => pointer.replace(/^\//, "").split("/")[0].replaceAll("~1", "/").replaceAll("~0", "~");

function origin(source) {
  switch (source.kind) {
    case "user": return `user, turn ${source.turn}`;
    case "output": return `${source.call} ${source.path}`;
    case "schema": return source.key === "default" ? "the schema’s default" : "the schema’s choices";
    case "composed": return "composed";
    default: return "nowhere";
  }
}

function operation(op) {
  switch (op.op) {
    case "merge": return `merge: ${op.functions.join(" + ")} in turn ${op.turn}`;
    case "insert": return `insert (${op.kind}): ${op.new_fn} in turn ${op.dst_turn}, fed by ${op.src_fn}`;
    case "split": return `split: ${words(op.kind)} ${op.parameter || op.function} in turn ${op.turn}${op.resolved ? "" : ", for good"}`;
    case "parallel": return `parallel: ${op.copies} × ${op.function} in turn ${op.turn}`;
    default: return `${words(op.op)}: ${op.function} in turn ${op.turn}`;
  }
}

function tools(list) {
  return el("details", { class: "reveal" }, el("summary", {}, `${list.length} functions on offer`),
    el("div", {}, list.map((tool) => el("p", {}, el("code", {}, tool.function.name), " ", el("span", { class: "soft" }, tool.function.description)))));
}

function showPair(pair, chosen) {
  const what = (message) => message.content || (message.tool_calls || []).map((call) => `${call.function.name} ${call.function.arguments}`).join("\n") || "(nothing)";
  const [bad, good] = [pair.rejected[pair.prompt_len], chosen[pair.prompt_len]];
  return el("details", { class: "reveal" }, el("summary", {}, `rejected: ${words(pair.metadata.error_type)}, parts in turn ${pair.metadata.turn} (${pair.metadata.source})`),
    el("div", {}, el("p", { class: "why" }, pair.metadata.reason), el("p", { class: "soft" }, "instead of"), good ? el("div", { class: "say assistant" }, what(good)) : null,
      el("p", { class: "soft" }, "it went"), bad ? el("div", { class: "say assistant bad" }, what(bad)) : null));
}
