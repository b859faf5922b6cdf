// The Factory page: everything on it follows the pushed snapshots.

import { now, watch } from "./live.js";
import { kw, kwh, minute, number, page, say, show, time } from "./page.js";
import { load, push } from "./power.js";

const element = (id) => document.getElementById(id);
let shown = null;

function total({ total_w: watts, missing }) {
  show(element("total"), kw(watts));
  const note = watts === null ? say("factory.power.unknown") : missing.length ? say("factory.power.missing", { n: missing.length }) : "";
  show(element("total-note"), note);
}

function today(energy) {
  show(element("today"), kwh(energy ? energy.energy_wh : null));
  let note = say("factory.today.unknown");
  if (energy) {
    const until = minute(energy.until);
    note = energy.since - energy.start > 60_000
      ? say("factory.today.since", { since: minute(energy.since), until })
      : say("factory.today.since_midnight", { until });
    if (energy.source === "power") note += ` · ${say("factory.today.integrated")}`;
  }
  show(element("today-note"), note);
}

function left(end) {
  const seconds = Math.max(Math.floor((end - now()) / 1000), 0);
  return seconds < 60
    ? say("duration.seconds", { s: seconds })
    : say("duration.minutes", { m: Math.floor(seconds / 60), s: seconds % 60 });
}

function demand(found) {
  const target = found?.target_w ?? null;
  const state = found?.outlook ?? "unknown";
  element("demand").dataset.state = state;
  show(element("demand-state"), state === "unknown" ? "" : say(`demand.${state}`));
  show(element("demand-projected"), kw(found?.projected_w));
  const banded = (found?.high_w ?? null) !== null;
  const band = banded && { pct: Math.round(100 * found.confidence), low: kw(found.low_w), high: kw(found.high_w) };
  show(element("demand-band"), banded ? say("demand.band", band) : "");
  show(element("demand-left"), found ? left(found.end) : "–");
  show(element("demand-recent"), kw(found?.power_w));
  show(element("demand-energy"), kwh(found?.energy_wh));
  if (found) show(element("demand-target"), target === null ? say("demand.no_target") : say("demand.target", { kw: kw(target) }));
  const allowed = found?.allowed_w ?? null;
  element("demand-allowed-row").hidden = allowed === null || allowed < 0;
  show(element("demand-allowed"), kw(allowed));
  show(element("demand-cut"), state === "over" && allowed >= 0 ? say("demand.cut", { kw: kw(found.power_w - allowed) }) : "");
  show(element("demand-note"), demandNote(found));
  demandBar(found, target, banded);
}

function demandNote(found) {
  if (!found) return say("demand.unknown");
  const basis = say(`demand.basis.${found.basis}`, { n: number(found.windows) });
  return found.since - found.start > 10_000 ? `${say("demand.partial", { since: time(found.since, now()) })}. ${basis}` : basis;
}

function demandBar(found, target, banded) {
  const bar = element("demand-bar");
  const used = found ? found.energy_wh * 4 : 0; // the demand already certain: as if nothing more were drawn
  const projected = found ? found.projected_w : 0;
  const full = Math.max((target ?? 0) * 1.25, projected * 1.1, banded ? found.high_w * 1.03 : 0, used * 1.05, 1);
  const percent = (watts) => `${Math.min(Math.max((watts / full) * 100, 0), 100).toFixed(2)}%`;
  bar.querySelector(".used").setAttribute("width", percent(used));
  bar.querySelector(".projected").setAttribute("width", percent(projected));
  const range = bar.querySelector(".range");
  range.setAttribute("visibility", banded ? "visible" : "hidden");
  range.setAttribute("x", percent(banded ? found.low_w : 0));
  range.setAttribute("width", percent(banded ? found.high_w - Math.max(found.low_w, 0) : 0));
  const mark = bar.querySelector(".target");
  mark.setAttribute("visibility", target === null ? "hidden" : "visible");
  for (const end of ["x1", "x2"]) mark.setAttribute(end, percent(target ?? 0));
}

function measured(name, value) {
  const channel = page.channels[name];
  if (!channel) return number(value, 2);
  const amount = value * channel.scale;
  return `${number(amount, channel.digits ?? (Math.abs(amount) >= 10 ? 1 : 2))}${channel.unit}`;
}

function device(found, totalW) {
  const card = document.querySelector(`.card[data-device="${found.device}"]`);
  if (!card) return false;
  card.dataset.silent = String(found.silent);
  const part = (name) => card.querySelector(`[data-show="${name}"]`);
  const state = !found.silent ? say("device.live") : found.time === null ? say("device.never") : say("device.silent_since", { time: time(found.time, now()) });
  show(part("state"), state);
  show(part("power"), kw(found.power_w));
  const last = found.values.active_power_w;
  show(part("last"), found.silent && last !== undefined ? say("device.last", { kw: kw(last) }) : "");
  show(part("today"), kwh(found.energy_today_wh));
  const share = found.power_w !== null && totalW > 0 ? (found.power_w / totalW) * 100 : null;
  show(part("share"), share === null ? "–" : `${number(share, share < 9.95 ? 1 : 0)}%`);
  for (const output of card.querySelectorAll("[data-channel]")) {
    const value = found.values[output.dataset.channel];
    if (value === undefined) continue;
    const state = output.dataset.channel === "run_state" && found.kind === "plc" ? page.texts[`run.${value}`] : undefined;
    show(output, state ?? measured(output.dataset.channel, value));
  }
  return true;
}

function snapshot(seen) {
  shown = seen;
  total(seen);
  today(seen.today);
  demand(seen.demand);
  const known = seen.devices.map((found) => device(found, seen.total_w));
  if (page.live) push(seen);
  if (known.includes(false)) location.reload(); // a device that was not there when the page was made
}

await load();
watch(snapshot, load);
if (!page.live) setInterval(load, 300_000);
setInterval(() => shown?.demand && show(element("demand-left"), left(shown.demand.end)), 1000);
