// The last hour's power: windows as the server makes them, carried on with what is pushed.

import { amounts, axis, clockAxis, fail, palette, place, pointed, shading, tzDate } from "./charts.js";
import { now } from "./live.js";
import { css, kw, number, page, say, time } from "./page.js";

const box = document.getElementById("power-chart");
const list = document.getElementById("gaps");

let every = 5000;
let data = null; // [times, ...values by device]; null is "nothing read in this window"
let gaps = [];
let sums = [];
let held = null;
const seen = new Map();

export async function load() {
  if (page.metered.length === 0) return; // the page says so
  const end = now() + 1;
  const query = new URLSearchParams(page.metered.map((device) => ["device", device]));
  query.set("start", end - page.minutes * 60_000);
  query.set("end", end);
  try {
    const answer = await fetch(`/api/sites/${encodeURIComponent(page.site)}/series?${query}`);
    if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
    const series = await answer.json();
    every = series.every_ms;
    gaps = series.gaps.filter((gap) => gap.missing > 0);
    const rolled = series.source === "quarter-hours";
    document.getElementById("power-resolution").textContent = rolled
      ? say("chart.resolution.rolled", { width: number(every / 60_000) })
      : say("chart.resolution", { width: number(every / 1000) });
    data = [series.times, ...series.lines.map((line) => line.values)];
  } catch {
    if (held === null) fail(box);
    return;
  }
  sums = page.metered.map(() => null);
  seen.clear();
  if (held === null) {
    box.replaceChildren();
    held = place(box, options, data);
    globalThis.wattproof = { power: held };
  } else held.chart.setData(data);
  listGaps();
}

function options() {
  return {
    ms: 1,
    tzDate,
    legend: { live: true },
    cursor: { drag: { x: true, y: false } },
    scales: { x: { time: true }, y: { range: (_, low, high) => [Math.min(low ?? 0, 0), Math.max((high ?? 1) * 1.08, 100)] } },
    axes: [clockAxis(), axis({ values: amounts(1 / 1000), label: "kW", labelSize: 18, size: 56 })],
    series: [
      { label: say("chart.time"), value: pointed(time) },
      ...page.metered.map((device, index) => {
        const first = index === 0 && page.metered.length > 1;
        return {
          label: page.labels[device],
          stroke: first ? css("--s0") : palette(index),
          width: first ? 2.2 : 1.6,
          spanGaps: false,
          points: { show: false },
          value: pointed((watts) => (watts === null || watts === undefined ? "–" : `${kw(watts)} kW`)),
        };
      }),
    ],
    plugins: [shading(() => gaps.map(({ start, end }) => ({ start, end, fill: css("--shade") })))],
  };
}

// A pushed reading joins the window it falls into; windows that nothing fell into stay null, so the line breaks there.
export function push(snapshot) {
  if (data === null) return;
  const times = data[0];
  const current = Math.floor(snapshot.at / every) * every;
  while (times.length && times.at(-1) < current) {
    times.push(times.at(-1) + every);
    for (const values of data.slice(1)) values.push(null);
  }
  for (const device of snapshot.devices) {
    const index = page.metered.indexOf(device.device);
    if (index < 0 || device.power_w === null || seen.get(device.device) === device.time) continue;
    seen.set(device.device, device.time);
    const start = Math.floor(device.time / every) * every;
    const position = times.length - 1 - (times.at(-1) - start) / every;
    if (position < 0 || position >= times.length) continue;
    const known = data[index + 1][position];
    let sum = sums[index];
    if (sum === null || sum.start !== start) {
      // What the server knew of the window when the page came counts as one reading among those that follow.
      sum = known === null ? { start, total: 0, count: 0 } : { start, total: known, count: 1 };
    }
    sum = { start, total: sum.total + device.power_w, count: sum.count + 1 };
    sums[index] = sum;
    data[index + 1][position] = sum.total / sum.count;
  }
  const first = snapshot.at - page.minutes * 60_000;
  let old = 0;
  while (old < times.length && times[old] < first) old += 1;
  if (old) for (const values of data) values.splice(0, old);
  held.chart.setData(data);
}

export function sparks() {
  if (data === null) return;
  page.metered.forEach((device, index) => {
    const spark = document.querySelector(`[data-device="${device}"] [data-show="spark"]`);
    if (!spark) return;
    const runs = stretches(data[index + 1]);
    const [area, line] = spark.children;
    line.setAttribute("d", runs.map((run) => `M${run.map((point) => point.join(" ")).join("L")}`).join(""));
    area.setAttribute("d", runs.map((run) => `M${run[0][0]} 40L${run.map((point) => point.join(" ")).join("L")}L${run.at(-1)[0]} 40Z`).join(""));
  });
}

// Runs of values without a gap, as points of a 200 by 40 picture.
function stretches(values) {
  const high = Math.max(...values.map((value) => value ?? 0), 1);
  const step = 200 / Math.max(values.length - 1, 1);
  const runs = [];
  values.forEach((value, index) => {
    if (value === null) return;
    if (index === 0 || values[index - 1] === null) runs.push([]);
    runs.at(-1).push([(index * step).toFixed(1), (38 - (Math.max(value, 0) / high) * 36).toFixed(1)]);
  });
  return runs;
}

function listGaps() {
  list.hidden = gaps.length === 0;
  list.replaceChildren(
    ...gaps.map((gap) => {
      const item = document.createElement("li");
      const reason = page.texts[`gap.${gap.reason}`] ?? gap.reason;
      const missing = say("chart.gap.missing", { n: number(gap.missing) });
      item.textContent = `${say("chart.gap")} · ${page.labels[gap.device]} · ${time(gap.start)} ~ ${time(gap.end, gap.start)} · ${missing} · ${reason}`;
      return item;
    }),
  );
}
