// The page asks for the status every few seconds, and says so when nobody answers. It shows text as text: what comes
// from a database or a broker never becomes markup.

import { Plot } from "./plot.js";

const every = 5000, hour = 3600e3;
const $ = (id) => document.getElementById(id);
const count = (n) => Math.round(n).toLocaleString("en");
const seconds = (s) => s < 10 ? `${s.toFixed(1)} s` : s < 120 ? `${Math.round(s)} s` : s < 7200 ? `${Math.round(s / 60)} min`
  : s < 172800 ? `${Math.round(s / 3600)} h` : `${Math.round(s / 86400)} days`;
const time = (t) => t ? new Date(t).toLocaleTimeString([], { hour12: false }) : "never";
const element = (name, text, className) => {
  const node = document.createElement(name);
  if (text !== undefined) node.textContent = text;
  if (className) node.className = className;
  return node;
};

const plots = [
  { title: "Rows published per second", field: "rate", format: (v) => v < 10 ? v.toFixed(1) : count(v) },
  { title: "Rows behind", field: "rows", format: count },
  { title: "Time behind", field: "behind", format: seconds },
  { title: "Held back by transactions", field: "horizon", format: seconds },
  { title: "Keys not settled", field: "settled", format: count },
  { title: "Publish latency", field: "publish", format: (v) => `${v < 10 ? v.toFixed(1) : count(v)} ms` },
].map((p) => new Plot($("plots"), p));

let samples = [], status = null, answered = 0, timer = 0;

const leaseText = (s) => !s.lease.used ? "not used" : s.lease.held ? "held by this instance"
  : `held by ${s.lease.holder || "nobody"}`;

function facts(s) {
  const up = (new Date(s.at) - new Date(s.started)) / 1000;
  const all = { "State": s.state, "Offset": s.offset.key || "none yet", "Lease": leaseText(s),
    "Rows behind": count(s.rows.behind), "Time behind": seconds(s.behind_s), "Published": `${count(s.rows.published)} rows`,
    "Committed": `${count(s.rows.committed)} rows`, "In flight": `${count(s.in_flight.rows)} rows, ` +
    `${(s.in_flight.bytes / 1e6).toFixed(1)} MB`, "Read once more": `${count(s.rows.reread)} rows`,
    "Late rows": count(s.rows.late), "Dead letters": count(s.rows.dead_letters), "Last poll": time(s.last_poll),
    "Last commit": time(s.last_commit), "Running for": seconds(up) };
  $("facts").replaceChildren(...Object.entries(all).map(([name, value]) => {
    const group = element("div");
    group.append(element("dt", name), element("dd", value));
    return group;
  }));
}

function events(s) {
  $("no-events").hidden = s.events.length > 0;
  $("events").replaceChildren(...s.events.map((e) => {
    const item = element("li"), repeated = e.count > 1 ? `, ${count(e.count)} times since ${time(e.first)}` : "";
    const when = element("p", time(e.last) + repeated, "when");
    item.append(when, element("p", e.text));
    if (e.error) item.lastChild.append(": ", element("code", e.error));
    if (e.remedy) {
      const remedy = element("p");
      remedy.append(element("strong", "What to do: "), e.remedy);
      item.append(remedy);
    }
    return item;
  }));
}

function batches(s) {
  $("batches").replaceChildren(...s.batches.map((b) => {
    const row = element("tr"), sum = element("td");
    if (b.checksum) {
      const short = element("code", b.checksum.slice(0, 16) + "…");
      short.title = b.checksum;
      sum.append(short);
    }
    row.append(element("td", time(b.at)), element("td", b.last, "n"), element("td", count(b.rows), "n"),
      element("td", count(b.bytes), "n"), element("td", b.ms.toFixed(1), "n"),
      element("td", b.committed ? "stored" : "not stored yet"), sum);
    return row;
  }));
}

// set changes a text that is read aloud only when it is another.
function set(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

function show() {
  const s = status;
  set($("job"), s.job);
  set($("route"), `${s.table} → topic ${s.topic}`);
  document.title = `${s.ready ? "" : "! "}${s.job}: ${s.state}`;
  set($("badge"), s.why);
  $("badge").className = `badge ${s.ready ? s.state === "standby" ? "" : "good" : "bad"}`;
  facts(s);
  set($("horizon"), s.horizon.age_s === 0 ? "No open transaction holds rows back."
    : `Open transactions have held rows back for ${seconds(s.horizon.age_s)}.`);
  $("holders").replaceChildren(...s.horizon.holders.map((h) => element("li", h)));
  events(s);
  batches(s);
  $("build").textContent = `${s.engine}, schema ${s.schema}, version ${s.build}; JSON: api/status, Prometheus: metrics`;
}

function stale(why) {
  const node = $("stale");
  node.hidden = !why;
  set(node, why || "");
  if (why) {
    document.title = "! stale: " + (status ? status.job : "repliqate");
    $("badge").className = "badge bad";
    set($("badge"), "not known");
  }
}

async function json(path) {
  const answer = await fetch(path, { cache: "no-store", signal: AbortSignal.timeout(every) });
  if (!answer.ok) throw new Error(`${path} answers ${answer.status}`);
  return answer.json();
}

async function refresh() {
  try {
    const next = await json("api/status");
    if (status && status.started !== next.started) samples = []; // another process answers now
    const since = samples.length ? samples.at(-1).t : 0;
    const more = await json(`api/history?since=${since}`);
    status = next;
    const now = new Date(next.at).getTime();
    samples = samples.concat(more.samples).filter((p) => p.t > now - hour);
    answered = Date.now();
    stale("");
    show();
    plots.forEach((p) => p.show(samples, now));
  } catch (error) {
    const seen = answered ? `What is shown is of ${time(answered)}.` : "Nothing is known yet.";
    stale(`The process does not answer: it is stopped, or can't be reached. ${seen} (${error.message})`);
  }
  document.documentElement.dataset.loaded = "yes";
  timer = setTimeout(refresh, document.hidden ? 6 * every : every);
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden || !timer) return;
  clearTimeout(timer);
  timer = 0;
  refresh();
});
refresh();
