
"use strict";
// Each group is a disc, its functions inside it, the discs packed around the
// middle: nothing moves, and 2,500 functions draw as quickly as 100.
const data = JSON.parse(document.getElementById("data").textContent);
const el = (id) => document.getElementById(id);
const make = (tag, text, className) => {
  const node = document.createElement(tag);
  if (text !== undefined) node.textContent = text;
  if (className) node.className = className;
  return node;
};

// Groups: the categories, or the classes where there is but one category.
const byCategory = data.categories.length > 1;
const groupNames = byCategory ? data.categories : data.classes;
const groups = groupNames.map((name, at) => ({ name, at, members: [] }));
const nodes = data.functions.map((f, id) => {
  const node = { id, ...f, into: [], group: groups[byCategory ? f.category : f.class] };
  node.group.members.push(node);
  return node;
});
for (const node of nodes) for (const edge of node.edges) nodes[edge.to].into.push({ from: node, edge });
const links = new Map();
for (const node of nodes) for (const edge of node.edges) {
  const [a, b] = [node.group.at, nodes[edge.to].group.at].sort((x, y) => x - y);
  if (a !== b) links.set(a + " " + b, (links.get(a + " " + b) || 0) + 1);
}

const STEP = 15;
function layOut() {
  for (const group of groups) {
    group.members.sort((a, b) => a.class - b.class || a.name.localeCompare(b.name));
    group.r = STEP * Math.sqrt(group.members.length) + 16;
  }
  const placed = [], box = el("canvas").getBoundingClientRect();
  const wide = Math.min(1.7, Math.max(0.6, box.width / (box.height || 1)));
  for (const group of [...groups].sort((a, b) => b.r - a.r)) {
    for (let turn = 0; ; turn += 0.13) {
      const reach = turn * 9;
      group.x = reach * Math.cos(turn) * wide;
      group.y = reach * Math.sin(turn);
      const free = (other) => Math.hypot(group.x - other.x, group.y - other.y) > group.r + other.r + 34;
      if (placed.every(free)) break;
    }
    placed.push(group);
    group.members.forEach((node, at) => {
      const out = STEP * Math.sqrt(at + 0.5), angle = at * 2.39996;
      node.x = group.x + out * Math.cos(angle);
      node.y = group.y + out * Math.sin(angle);
    });
  }
}

const root = document.documentElement;
const setTheme = (dark) => { root.dataset.theme = dark ? "dark" : "light"; };
setTheme(matchMedia("(prefers-color-scheme: dark)").matches);
const isDark = () => root.dataset.theme === "dark";
const hue = (at) => Math.round((at * 137.508 + 12) % 360);
const colour = (at, alpha = 1) => `hsl(${hue(at)} 55% ${isDark() ? 64 : 44}% / ${alpha})`;
const ink = (at) => `hsl(${hue(at)} 60% ${isDark() ? 74 : 31}%)`;
const token = (name) => getComputedStyle(root).getPropertyValue(name).trim();

const canvas = el("canvas"), pen = canvas.getContext("2d");
const view = { x: 0, y: 0, scale: 1 };
let chosen = null, chosenGroup = null, hovered = null, shown = nodes;

function fit(xs, ys, margin) {
  const box = canvas.getBoundingClientRect();
  const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  view.scale = Math.min(3, box.width / (right - left + margin), box.height / (bottom - top + margin));
  view.x = (left + right) / 2;
  view.y = (top + bottom) / 2;
}
function overview() {
  const full = groups.filter((group) => group.members.length);
  if (full.length) fit(full.flatMap((g) => [g.x - g.r, g.x + g.r]), full.flatMap((g) => [g.y - g.r - 14, g.y + g.r]), 50);
}
function focusGroup(group) { fit([group.x - group.r, group.x + group.r], [group.y - group.r, group.y + group.r], 160); }
function focusNode(node) {
  const near = [node, ...node.edges.map((e) => nodes[e.to]), ...node.into.slice(0, 40).map((i) => i.from)];
  fit(near.map((n) => n.x), near.map((n) => n.y), 220);
}

function arrow(from, to, kind, ink, alpha) {
  const dx = to.x - from.x, dy = to.y - from.y, length = Math.hypot(dx, dy) || 1;
  const bend = Math.min(40, length * 0.16);
  const cx = (from.x + to.x) / 2 - (dy / length) * bend, cy = (from.y + to.y) / 2 + (dx / length) * bend;
  pen.strokeStyle = pen.fillStyle = ink;
  pen.globalAlpha = alpha;
  pen.lineWidth = (kind === "full_input" ? 2 : 1) / view.scale;
  pen.setLineDash(kind === "precondition" ? [4 / view.scale, 3 / view.scale] : []);
  pen.beginPath();
  pen.moveTo(from.x, from.y);
  pen.quadraticCurveTo(cx, cy, to.x, to.y);
  pen.stroke();
  pen.setLineDash([]);
  const angle = Math.atan2(to.y - cy, to.x - cx), tip = 8 / view.scale, gap = radius(to);
  const px = to.x - gap * Math.cos(angle), py = to.y - gap * Math.sin(angle);
  pen.beginPath();
  pen.moveTo(px, py);
  pen.lineTo(px - tip * Math.cos(angle - 0.4), py - tip * Math.sin(angle - 0.4));
  pen.lineTo(px - tip * Math.cos(angle + 0.4), py - tip * Math.sin(angle + 0.4));
  pen.fill();
  pen.globalAlpha = 1;
}
const radius = (node) => Math.max(3.2, Math.min(5.5, 2.4 / view.scale)) + (node === chosen ? 2.5 : 0);

function label(text, x, y, size, ink, weight = "") {
  pen.font = `${weight} ${size / view.scale}px system-ui, sans-serif`;
  pen.textAlign = "center";
  pen.lineJoin = "round";
  pen.lineWidth = 3.5 / view.scale;
  pen.strokeStyle = token("--ground");
  pen.strokeText(text, x, y);
  pen.fillStyle = ink;
  pen.fillText(text, x, y);
}
const short = (text, length) => (text.length > length ? text.slice(0, length - 1) + "…" : text);

// A name that would lie on another is left out: the list has it.
function nameNodes(named) {
  const taken = [], text = token("--text"), high = 13 / view.scale;
  for (const node of named) {
    const name = short(node.name, 34), y = node.y - radius(node) - 3 / view.scale;
    const half = (name.length * 3.1) / view.scale;
    const clash = (box) => Math.abs(box.x - node.x) < box.half + half && Math.abs(box.y - y) < high;
    if (taken.some(clash)) continue;
    taken.push({ x: node.x, y, half });
    label(name, node.x, y, 11, text, node === chosen ? "bold" : "");
  }
}
function drawLinks() {
  const most = Math.max(1, ...links.values());
  for (const [key, count] of links) {
    const [a, b] = key.split(" ").map((at) => groups[at]);
    pen.strokeStyle = token("--quiet");
    pen.globalAlpha = chosen ? 0.05 : 0.08 + 0.3 * (count / most);
    pen.lineWidth = (0.6 + 6 * (count / most)) / view.scale;
    pen.beginPath();
    pen.moveTo(a.x, a.y);
    pen.lineTo(b.x, b.y);
    pen.stroke();
  }
  pen.globalAlpha = 1;
}
function drawGroup(group) {
  pen.fillStyle = token("--ground");
  pen.beginPath();
  pen.arc(group.x, group.y, group.r, 0, 7);
  pen.fill();
  pen.fillStyle = colour(group.at, group === chosenGroup ? 0.2 : 0.1);
  pen.fill();
}
function draw() {
  const box = canvas.getBoundingClientRect(), dots = devicePixelRatio || 1;
  canvas.width = box.width * dots;
  canvas.height = box.height * dots;
  pen.setTransform(dots, 0, 0, dots, 0, 0);
  pen.clearRect(0, 0, box.width, box.height);
  pen.translate(box.width / 2, box.height / 2);
  pen.scale(view.scale, view.scale);
  pen.translate(-view.x, -view.y);
  drawLinks();
  const full = groups.filter((group) => group.members.length);
  full.forEach(drawGroup);
  const dim = token("--quiet");
  if (!chosen) {
    // All edges of a small graph; of a large one those inside the groups.
    const few = nodes.length <= 200;
    for (const node of nodes) for (const edge of node.edges) {
      const to = nodes[edge.to];
      const inGroup = to.group === node.group;
      if (chosenGroup ? node.group === chosenGroup : few || (inGroup && view.scale > 0.5)) {
        arrow(node, to, edge.kind, colour(node.group.at), inGroup ? 0.3 : 0.13);
      }
    }
  } else {
    for (const { from, edge } of chosen.into) arrow(from, chosen, edge.kind, token("--in"), 0.75);
    for (const edge of chosen.edges) arrow(chosen, nodes[edge.to], edge.kind, token("--out"), 0.9);
  }
  const near = chosen && new Set([chosen, ...chosen.edges.map((e) => nodes[e.to]), ...chosen.into.map((i) => i.from)]);
  const listed = new Set(shown);
  for (const node of nodes) {
    const lit = near ? near.has(node) : listed.has(node);
    pen.globalAlpha = lit ? 1 : 0.22;
    pen.fillStyle = lit ? colour(node.group.at) : dim;
    pen.beginPath();
    pen.arc(node.x, node.y, radius(node), 0, 7);
    pen.fill();
  }
  pen.globalAlpha = 1;
  const named = near ? [...near] : view.scale > 1.15 ? nodes : [];
  nameNodes(named);
  if (!near) for (const group of full) {
    const room = group.r * view.scale;
    if (room > 11) label(short(group.name, Math.max(6, Math.round(room / 3))), group.x, group.y - group.r - 4 / view.scale, room > 40 ? 13 : 11, ink(group.at), "bold");
  }
}
let waiting = false;
function redraw() {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => { waiting = false; draw(); });
}

function dotFor(group) {
  const dot = make("span", "", "dot");
  dot.style.background = colour(group.at);
  return dot;
}
const ROWS = 400;
function list() {
  const words = el("search").value.toLowerCase().split(/\s+/).filter(Boolean);
  const wanted = (node) => words.every((word) => (node.name + " " + node.description).toLowerCase().includes(word));
  shown = nodes.filter((node) => (!chosenGroup || node.group === chosenGroup) && wanted(node));
  el("list").replaceChildren(...shown.slice(0, ROWS).map((node) => {
    const row = make("li");
    row.setAttribute("role", "option");
    row.setAttribute("aria-selected", node === chosen);
    row.dataset.id = node.id;
    row.title = node.name;
    row.append(dotFor(node.group), make("span", node.name), make("small", node.edges.length));
    row.onclick = () => choose(node);
    return row;
  }));
  el("count").textContent = shown.length > ROWS ? `${shown.length} functions, the first ${ROWS} listed` : `${shown.length} functions`;
}
function listGroups() {
  el("groups").replaceChildren(...groups.filter((g) => g.members.length).map((group) => {
    const button = make("button");
    button.type = "button";
    button.setAttribute("aria-pressed", group === chosenGroup);
    button.append(dotFor(group), `${group.name} ${group.members.length}`);
    button.onclick = () => chooseGroup(group === chosenGroup ? null : group);
    return button;
  }));
}

function edgeList(title, className, items) {
  const heading = make("h3", `${title} ${items.length}`, className), rows = make("ul");
  for (const { other, edge } of items) {
    const row = make("li"), button = make("button", other.name);
    button.type = "button";
    button.onclick = () => choose(other);
    row.append(dotFor(other.group), button, make("small", " " + edge.kind.replace("_", " ")));
    for (const [output, input] of edge.flows) row.append(make("code", `${output || "/"} → ${input}`));
    rows.append(row);
  }
  return [heading, rows];
}
function detail() {
  const panel = el("detail");
  panel.scrollTop = 0;
  if (chosen) {
    const place = [data.categories[chosen.category], data.classes[chosen.class]].filter((n) => n !== "misc").join(" · ");
    panel.replaceChildren(
      make("h2", chosen.name), make("p", place, "quiet"), make("p", chosen.description),
      ...edgeList("Leads to", "out", chosen.edges.map((edge) => ({ other: nodes[edge.to], edge }))),
      ...edgeList("Led to by", "in", chosen.into.map(({ from, edge }) => ({ other: from, edge }))),
    );
    return;
  }
  const s = data.summary, table = make("table"), body = table.createTBody();
  const row = (name, value) => { const r = body.insertRow(); r.insertCell().textContent = name; r.insertCell().textContent = value; };
  row("functions", s.functions);
  row("edges", s.edges);
  for (const [kind, count] of Object.entries(s.kinds)) row(kind.replace("_", " "), count);
  for (const [source, count] of Object.entries(s.sources)) row("by " + source, count);
  row("lead nowhere", s.dead_ends);
  row("never led to", s.unreached);
  row("parts", s.components);
  row("largest cycle", s.largest_cycle);
  row("steps that pass a value", Math.round(100 * s.walks.steps_with_flow) + " %");
  panel.replaceChildren(make("h2", "The whole graph"), make("p", "Choose a function in the list or in the picture to see what it leads to and which values pass.", "quiet"), table);
}

function choose(node, move = true) {
  chosen = node;
  if (node && move) focusNode(node);
  if (!node && !chosenGroup) overview();
  for (const row of el("list").children) {
    const here = node && Number(row.dataset.id) === node.id;
    row.setAttribute("aria-selected", Boolean(here));
    if (here) row.scrollIntoView({ block: "nearest" });
  }
  history.replaceState(null, "", node ? "#" + encodeURIComponent(node.name) : location.pathname + location.search);
  detail();
  redraw();
}
function chooseGroup(group) {
  chosenGroup = group;
  chosen = null;
  if (group) focusGroup(group); else overview();
  listGroups();
  list();
  detail();
  redraw();
}

const at = (event) => {
  const box = canvas.getBoundingClientRect();
  return { x: (event.clientX - box.left - box.width / 2) / view.scale + view.x, y: (event.clientY - box.top - box.height / 2) / view.scale + view.y };
};
function nodeAt(point) {
  let best = null, least = Math.max(7, 8 / view.scale);
  for (const node of nodes) {
    const away = Math.hypot(node.x - point.x, node.y - point.y);
    if (away < least) [best, least] = [node, away];
  }
  return best;
}
let drag = null;
canvas.onpointerdown = (event) => { drag = { x: event.clientX, y: event.clientY, moved: false }; canvas.setPointerCapture(event.pointerId); };
canvas.onpointermove = (event) => {
  if (drag) {
    const dx = event.clientX - drag.x, dy = event.clientY - drag.y;
    if (drag.moved || Math.hypot(dx, dy) > 3) {
      view.x -= dx / view.scale;
      view.y -= dy / view.scale;
      drag = { x: event.clientX, y: event.clientY, moved: true };
      redraw();
    }
    return;
  }
  const node = nodeAt(at(event)), tip = el("hover");
  if (node !== hovered) { hovered = node; canvas.style.cursor = node ? "pointer" : "grab"; }
  tip.hidden = !node;
  if (node) {
    tip.textContent = node.name;
    const box = canvas.getBoundingClientRect();
    tip.style.left = Math.min(event.clientX - box.left + 12, box.width - 200) + "px";
    tip.style.top = event.clientY - box.top + 14 + "px";
  }
};
canvas.onpointerup = (event) => {
  const still = drag && !drag.moved;
  drag = null;
  if (!still) return;
  const point = at(event), node = nodeAt(point);
  if (node) return choose(node, false);
  const group = groups.find((g) => g.members.length && Math.hypot(g.x - point.x, g.y - point.y) < g.r);
  if (group && !chosen) chooseGroup(group); else choose(null);
};
const zoom = (factor) => { view.scale = Math.min(6, Math.max(0.03, view.scale * factor)); redraw(); };
canvas.addEventListener("wheel", (event) => { event.preventDefault(); zoom(Math.exp(-event.deltaY / 500)); }, { passive: false });

el("search").oninput = () => { list(); redraw(); };
el("theme").onclick = () => { setTheme(!isDark()); listGroups(); list(); detail(); redraw(); };
document.onkeydown = (event) => {
  const typing = event.target === el("search");
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (event.key === "/" && !typing) { event.preventDefault(); el("search").focus(); }
  else if (event.key === "Escape") { if (typing) el("search").blur(); el("search").value = ""; chooseGroup(null); choose(null); }
  else if (step && shown.length && !el("detail").contains(event.target)) {
    event.preventDefault();
    const here = shown.indexOf(chosen);
    choose(shown[here < 0 ? (step > 0 ? 0 : shown.length - 1) : Math.min(shown.length - 1, Math.max(0, here + step))]);
  }
  else if (event.key === "Enter" && typing && shown.length) choose(shown[0]);
  else if (!typing && (event.key === "+" || event.key === "=")) zoom(1.25);
  else if (!typing && (event.key === "-" || event.key === "−")) zoom(0.8);
};
addEventListener("resize", redraw);

const summary = data.summary;
el("numbers").textContent = `${summary.functions} functions, ${summary.edges} edges, ${groups.filter((g) => g.members.length).length} ${byCategory ? "categories" : "classes"}`;
layOut();
overview();
listGroups();
list();
const named = nodes.find((node) => "#" + encodeURIComponent(node.name) === location.hash);
if (named) choose(named); else detail();
redraw();
