// The energy review: its charts from the same document a program gets; until that is made, the page says so.

import { amounts, axis, fail, palette, place, pointed } from "./charts.js";
import { css, number, page, say } from "./page.js";
import { failed, renewed, waited } from "./waiting.js";

const power = (value) => (value === null || value === undefined ? "–" : `${number(value, Math.abs(value) >= 10 ? 1 : 2)} kW`);

// The site's line first; a site that is one meter has no other.
function lines(found) {
  const chosen = found.meters.filter((meter) => page.devices.includes(meter.device));
  const alone = chosen.length === 1 && found.total.of.length === 1 && found.total.of[0] === chosen[0].device;
  const site = { label: say("review.site"), load: found.total.load, profile: found.total.profile };
  const named = chosen.map(({ device, load, profile }) => ({ label: page.labels[device] ?? device, load, profile }));
  return alone ? named : [...(site.load && site.profile ? [site] : []), ...named];
}

function series(all, extra) {
  return all.map(({ label }, index) => ({
    label,
    stroke: index === 0 ? css("--s0") : palette(index),
    width: index === 0 ? 2.4 : 1.7,
    spanGaps: false,
    points: { show: false },
    value: pointed(power),
    ...extra,
  }));
}

function base(x, y, all) {
  return {
    legend: { live: true },
    cursor: { drag: { x: false, y: false } },
    scales: { x: { time: false, range: () => x.range }, y: { range: (_, low, high) => [Math.min(low ?? 0, 0), (high || 1) * 1.06] } },
    axes: [axis({ values: x.ticks, splits: x.splits, label: x.label, labelSize: 22, size: 32 }), axis({ values: amounts(), label: "kW", labelSize: 18, size: 56 })],
    series: [{ label: x.name, value: pointed(x.said) }, ...all, ...y],
  };
}

function drawDuration(box, all) {
  const shares = [...new Set(all.flatMap(({ load }) => load.duration.share_pct))].sort((a, b) => a - b);
  const data = [shares];
  for (const { load } of all) {
    const known = new Map(load.duration.share_pct.map((share, index) => [share, load.duration.kw[index]]));
    data.push(shares.map((share) => known.get(share) ?? null));
  }
  const target = page.target_kw;
  if (target) data.push(shares.map(() => target));
  const options = () =>
    base(
      {
        range: [0, 100],
        splits: () => [0, 20, 40, 60, 80, 100],
        ticks: (_, splits) => splits.map((share) => `${number(share)}%`),
        label: say("review.duration.axis"),
        name: say("review.share"),
        said: (share) => `${number(share)}%`,
      },
      target ? [{ label: say("review.target"), stroke: css("--warn"), width: 1.5, dash: [6, 4], points: { show: false }, value: pointed(power) }] : [],
      series(all, { spanGaps: true }),
    );
  return place(box, options, data);
}

function drawProfile(box, all) {
  const hours = Array.from({ length: 25 }, (_, hour) => hour);
  // An hour's mean is drawn over the whole hour: the last one ends at 24.
  const data = [hours, ...all.map(({ profile }) => [...profile.hour_kw, profile.hour_kw[23]])];
  const clock = (hour) => `${String(hour).padStart(2, "0")}:00`;
  const options = () =>
    base(
      {
        range: [0, 24],
        splits: () => [0, 3, 6, 9, 12, 15, 18, 21, 24],
        ticks: (_, splits) => splits.map((hour) => number(hour)),
        label: say("review.profile.axis"),
        name: say("chart.time"),
        said: (hour) => (hour < 24 ? `${clock(hour)}–${clock(hour + 1)}` : ""),
      },
      [],
      series(all, { paths: uPlot.paths.stepped({ align: 1 }) }),
    );
  return place(box, options, data);
}

async function load() {
  const { answer, found } = await waited(page.api, page.progress, "review.pending_at");
  if (!answer.ok && answer.status !== 422) throw new Error(found.detail);
  return answer.ok ? found : null; // what cannot be reviewed the server says in the page
}

async function start() {
  let found;
  try {
    found = await load();
    if (!page.ready) await renewed("review");
    if (found === null) return;
  } catch (error) {
    failed(say("review.failed"), error);
    for (const chart of document.querySelectorAll(".plot")) fail(chart);
    return;
  }
  const all = lines(found);
  const duration = document.getElementById("duration-chart");
  const profile = document.getElementById("profile-chart");
  if (all.length === 0) {
    for (const box of [duration, profile]) fail(box);
    return;
  }
  globalThis.wattproof = { duration: drawDuration(duration, all), profile: drawProfile(profile, all) };
}

if (page.api) await start();
