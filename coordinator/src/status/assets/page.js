// The page: which view is shown, the overview, dead letters, pause and resume.

import { ask, bar, card, dollars, el, percent, span, whole, words } from "./dom.js";
import { conversations, onKey } from "./reader.js";

const EVERY_MS = 2000;
// Distance of the points of samples.history.
const POINT_SECONDS = 5;
const at = (id) => document.getElementById(id);
const main = at("main");
let latest = null;
let failed = false;
let token = "";

const PHASES = {
  waiting: ["waiting", "warn"], working: ["working", "busy"], finalizing: ["writing the dataset", "busy"],
  finished: ["finished", "good"], stopped: ["stopped", "bad"],
};

function phaseOf(campaign) {
  const running = ["waiting", "working"].includes(campaign.phase);
  if (running && campaign.control === "pause") return ["paused", "warn"];
  if (running && campaign.control === "cancel") return ["cancelled", "bad"];
  if (campaign.phase === "working" && isHeldUp(campaign)) return ["held up", "bad"];
  return PHASES[campaign.phase] || [campaign.phase, ""];
}

// Without queue or part store nothing is finished; the others only cost calls.
const isHeldUp = (campaign) => campaign.services.some(({ service, up }) => !up && (service === "queue" || service === "parts"));

function showFrame(campaign) {
  const [phase, kind] = phaseOf(campaign);
  at("name").textContent = campaign.name;
  at("phase").textContent = phase;
  at("phase").className = `chip ${kind}`;
  document.title = `${campaign.name} – ${phase}`;
  const dead = campaign.shards.queue?.dead || 0;
  at("dead").hidden = !dead;
  at("dead").textContent = dead;
  const steer = at("steer");
  steer.hidden = !campaign.may_steer || !["waiting", "working"].includes(campaign.phase);
  steer.textContent = campaign.control === "pause" ? "Resume" : "Pause";
  const away = campaign.services.filter((service) => !service.up);
  const trouble = away.map((service) => `${SERVICES[service.service]} is away: ${service.why}.`);
  if (campaign.trouble) trouble.push(`Shards are handed back: ${campaign.trouble}.`);
  const isOver = ["finished", "stopped"].includes(campaign.phase);
  tell(isOver ? campaign.ended || "" : trouble.join(" "));
  at("footer").textContent = `magnet ${campaign.version} · campaign ${campaign.campaign} · up ${span(campaign.running_seconds)}` +
    (campaign.leading ? "" : " · another coordinator leads");
}

function tell(trouble) {
  at("trouble").hidden = !trouble;
  if (at("trouble").textContent !== trouble) at("trouble").textContent = trouble;
}

const SERVICES = { queue: "The queue", state: "The state store", cache: "The cache", parts: "The part store" };

function overview(campaign) {
  const { samples } = campaign;
  return el("div", { class: "grid" },
    progress(samples, campaign),
    fleet(campaign),
    funnel(campaign.walks, samples.wanted),
    spend(campaign),
    rejections(campaign.walks));
}

function facts(pairs) {
  return el("dl", { class: "facts" }, pairs.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value))));
}

function progress(samples, campaign) {
  const share = samples.accepted / samples.wanted;
  const rests = phaseOf(campaign)[0] !== "working";
  const rate = samples.per_second >= 1 ? `${samples.per_second.toFixed(1)} /s` : `${(samples.per_second * 60).toFixed(1)} /min`;
  const bars = bar(share, share >= 1 ? "done" : phaseOf(campaign)[0] === "paused" ? "warn" : "");
  return card("c8 tall", "Conversations accepted",
    el("p", { class: "big" }, whole(samples.accepted), el("small", {}, ` of ${whole(samples.wanted)} wanted`)),
    bars,
    facts([["done", percent(share)],
      ...(rests ? [] : [["rate", samples.per_second > 0 ? rate : "–"], ["time left", span(samples.eta_seconds)]]),
      ["preference pairs", whole(campaign.walks.pairs)]]),
    spark(samples.history));
}

function spark(history) {
  if (!history || history.length < 3) return null;
  const [low, high] = [history[0], history[history.length - 1]];
  if (high <= low) return null;
  const points = history.map((value, index) =>
    `${(index / (history.length - 1) * 100).toFixed(2)} ${(39 - (value - low) / (high - low) * 38).toFixed(2)}`);
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  for (const [name, value] of Object.entries({ class: "spark", viewBox: "0 0 100 40", preserveAspectRatio: "none", role: "img", "aria-label": "accepted over the last minutes" })) svg.setAttribute(name, value);
  for (const [kind, line] of [["under", `M0 40 L${points.join(" L")} L100 40Z`], ["", `M${points.join(" L")}`]]) {
    const path = document.createElementNS(space, "path");
    path.setAttribute("d", line);
    path.setAttribute("class", kind);
    svg.append(path);
  }
  return [svg, el("p", { class: "soft note" }, `${whole(high - low)} accepted in the last ${span((history.length - 1) * POINT_SECONDS)}`)];
}

function fleet(campaign) {
  const queue = campaign.shards.queue;
  const known = (value) => (value === undefined ? "–" : whole(value));
  const pairs = [["worker processes", known(queue?.workers)], ["shards under way", whole(campaign.shards.outstanding)],
    ["waiting in the queue", known(queue?.ready)], ["delayed", known(queue?.delayed)], ["dead letters", known(queue?.dead)]];
  return card("c4", "Fleet",
    el("dl", { class: "pairs" }, pairs.map(([name, value]) => [el("dt", {}, name), el("dd", {}, value)])),
    el("ul", { class: "services" }, campaign.services.map((service) => el("li", {},
      el("span", { class: `chip ${service.up ? "good" : "bad"}` }, service.up ? "up" : "away"),
      el("span", {}, SERVICES[service.service].replace("The ", "")),
      service.up ? null : el("span", { class: "soft" }, service.why)))));
}

const STAGES = { path: "signature path", translate: "requests and calls", distill: "trajectory", vet: "vetting", any: "unusable answers" };

function line(label, count, of, kind) {
  return el("li", { class: kind }, el("span", { class: "label" }, label), bar(of ? count / of : 0),
    el("span", { class: "n" }, whole(count), " ", el("small", {}, of ? percent(count / of) : "")));
}

function funnel(walks) {
  const all = walks.decided;
  const lost = (stage) => walks.rejected_by_reason.filter((row) => row.stage === stage).reduce((sum, row) => sum + row.count, 0);
  const steps = Object.keys(STAGES).filter((stage) => lost(stage)).map((stage) => line(`lost in ${STAGES[stage]}`, lost(stage), all, "fall in"));
  const alike = walks.duplicates + walks.near_duplicates;
  return card("c7", "Yield, from walks to conversations",
    all ? el("ul", { class: "rows" }, line("walks decided", all, all), steps,
      alike ? line("duplicates", alike, all, "fall in") : null,
      walks.over_quota ? line("over quota", walks.over_quota, all, "fall in") : null,
      line("accepted", walks.accepted, all, "kept")) : el("p", { class: "empty" }, "No walk is decided yet."),
    walks.surplus ? el("p", { class: "soft note" }, `${whole(walks.surplus)} more were worked than are needed.`) : null,
    walks.missing ? el("p", { class: "note why" }, `${whole(walks.missing)} are missing: their shards are dead letters.`) : null);
}

function rejections(walks) {
  const rows = [...walks.rejected_by_reason].sort((a, b) => b.count - a.count);
  const most = rows[0]?.count;
  return card("", "Reasons of rejection", rows.length
    ? el("ul", { class: "rows" }, rows.map((row) => {
      const item = line(words(row.reason), row.count, most, "fall");
      item.querySelector("small").textContent = percent(row.count / walks.rejected);
      return item;
    }))
    : el("p", { class: "empty" }, "Nothing was rejected."));
}

function spend({ spend, budget, walks, refusals }) {
  const limits = [["max_usd", spend.usd, () => ""], ["max_requests", spend.requests, (of) => ` ${whole(of)} requests`],
    ["max_tokens", spend.input_tokens + spend.output_tokens, (of) => ` ${whole(of)} tokens`]].filter(([key]) => budget[key] > 0);
  const thousand = walks.accepted ? dollars(spend.usd / walks.accepted * 1000) : "–";
  return card("c5", "Spend",
    el("p", { class: "big" }, dollars(spend.usd), el("small", {}, budget.max_usd > 0 ? ` of ${dollars(budget.max_usd)}` : " no limit set")),
    limits.map(([key, used, what]) => [bar(used / budget[key], used >= budget[key] ? "warn" : ""),
      what(budget[key]) ? el("p", { class: "soft" }, `${percent(used / budget[key])} of${what(budget[key])}`) : null]),
    el("br"),
    facts([["per 1,000 accepted", thousand], ["requests", whole(spend.requests)],
      ["tokens in", whole(spend.input_tokens)], ["of these cached", whole(spend.cached_input_tokens)],
      ["tokens out", whole(spend.output_tokens)]]),
    refusals.map(({ teacher, words }) => el("p", { class: "soft" }, `${teacher} refused: ${words}`)));
}

async function deadLetters() {
  const { letters, limit } = await ask("/api/v1/dead-letters");
  const total = latest?.shards.queue?.dead ?? letters.length;
  const rows = byReason(letters).map(([reason, same]) => el("tr", {},
    el("td", {}, reason),
    el("td", { class: "n" }, whole(same.length)),
    el("td", { class: "n" }, Math.max(...same.map((letter) => letter.attempts)) || "–"),
    el("td", {}, same.length > 3 ? el("details", {}, el("summary", {}, whose(same.slice(0, 1)), " …"), whose(same)) : whose(same))));
  const head = ["reason", "shards", "failed attempts", "walks"].map((name) => el("th", { scope: "col" }, name));
  return card("", "Shards nobody could work", letters.length
    ? [el("div", { class: "scroll" }, el("table", { class: "letters" }, el("thead", {}, el("tr", {}, head)), el("tbody", {}, rows))),
      el("p", { class: "soft note" }, letters.length >= limit ? `The first ${limit} of ${whole(Math.max(total, limit))}. ` : "",
        "Mend the cause, then put them back to work with ", el("code", {}, "magnet dlq redrive"), ".")]
    : el("p", { class: "empty" }, "None: every shard found a worker that could do it."));
}

// The commonest reason first.
function byReason(letters) {
  const groups = new Map();
  const first = ({ walks }) => walks?.[0] ?? -1;
  for (const letter of [...letters].sort((a, b) => first(a) - first(b))) groups.set(letter.reason, [...(groups.get(letter.reason) || []), letter]);
  return [...groups].sort(([, one], [, other]) => other.length - one.length);
}

const whose = (letters) => letters.map(({ walks }) => (walks ? `${whole(walks[0])} – ${whole(walks[1] - 1)}` : "unreadable")).join(", ");

const viewOf = () => (location.hash.match(/^#\/(conversations|dead-letters)/) || [null, "overview"])[1];

async function show() {
  const view = viewOf();
  failed = false;
  for (const link of document.querySelectorAll("nav a")) {
    link.dataset.view === view ? link.setAttribute("aria-current", "page") : link.removeAttribute("aria-current");
  }
  try {
    if (view === "conversations") await conversations(main, latest);
    else if (view === "dead-letters") main.replaceChildren(await deadLetters());
    else if (latest) main.replaceChildren(overview(latest));
  } catch (problem) {
    failed = true;
    main.replaceChildren(el("p", { class: "empty" }, `This cannot be shown now: ${problem.message}.`));
  }
}

async function tick() {
  try {
    latest = await ask("/api/v1/campaign");
    showFrame(latest);
    // What could not be shown is asked for again.
    if (viewOf() === "overview" || failed) await show();
  } catch (problem) {
    tell(`The coordinator does not answer (${problem.message}); the figures are those of its last answer.`);
  }
  document.body.dataset.ready = "yes";
  setTimeout(tick, EVERY_MS);
}

async function steer() {
  const wish = latest.control === "pause" ? "resume" : "pause";
  try {
    await ask(`/api/v1/${wish}`, { method: "POST", headers: { Authorization: `Bearer ${token}` } });
    at("ask").close();
    latest.control = wish === "pause" ? "pause" : "run";
    showFrame(latest);
  } catch (problem) {
    if (problem.status === 401) token = "";
    at("ask-title").textContent = wish === "pause" ? "Pause the campaign" : "Resume the campaign";
    at("go").textContent = wish === "pause" ? "Pause" : "Resume";
    at("refused").textContent = at("ask").open ? `Not done: ${problem.message}.` : "";
    if (!at("ask").open) at("ask").showModal();
    at("token").focus();
  }
}

at("steer").addEventListener("click", steer);
at("cancel").addEventListener("click", () => at("ask").close());
at("go").addEventListener("click", () => { token = at("token").value.trim(); at("token").value = ""; steer(); });
at("token").addEventListener("keydown", (event) => { if (event.key === "Enter") at("go").click(); });
window.addEventListener("hashchange", async () => { await show(); if (viewOf() !== "conversations") main.focus({ preventScroll: true }); });
window.addEventListener("keydown", onKey);

await tick();
await show();
