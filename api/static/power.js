// Power over the chosen time: windows as the server makes them; the last hour is carried on with what is pushed.

import { amounts, apart, axis, band, clockAxis, dayAxis, fail, palette, place, pointed, shading, tzDate } from "./charts.js";
import { now } from "./live.js";
import { css, kw, number, page, say, time } from "./page.js";

const box = document.getElementById("power-chart");
const list = document.getElementById("gaps");
const emptyNote = document.getElementById("power-empty");
const zoomNote = document.getElementById("power-zoomed");

const DAY = 1440; // minutes
let every = 5000;
let data = null; // [times, ...values by device]; null is "nothing read in this window"
let bounds = []; // by device, the least and largest reading of each window; null for windows made of few readings
let gaps = [];
let sums = [];
let held = null;
const seen = new Map();

export async function load() {
  if (page.metered.length === 0) return; // the page says so
  // A long window that has just begun is no day like those before it: it would stand there as a peak.
  const end = page.every ? Math.floor((now() - page.offset) / page.every) * page.every + page.offset : now() + 1;
  const query = new URLSearchParams(page.metered.map((device) => ["device", device]));
  query.set("start", end - page.minutes * 60_000);
  query.set("end", end);
  if (page.every) query.set("every", page.every);
  try {
    const answer = await fetch(`/api/sites/${encodeURIComponent(page.site)}/series?${query}`);
    if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
    const series = await answer.json();
    every = series.every_ms;
    gaps = series.gaps.filter((gap) => gap.missing > 0);
    document.getElementById("power-resolution").textContent = resolution(series.source === "quarter-hours");
    data = [series.times, ...series.lines.map((line) => line.values)];
    bounds = series.lines.map(({ low, high }) => (low && high ? { low, high } : null));
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
  sparks();
  noteEmpty();
}

function noteEmpty() {
  emptyNote.hidden = data.slice(1).some((values) => values.some((watts) => watts !== null));
}

function resolution(rolled) {
  if (!rolled) return say("chart.resolution", { width: number(every / 1000) });
  const hours = every / 3_600_000;
  const width = hours < 1 ? say("chart.width.minutes", { n: number(every / 60_000) }) : say("chart.width.hours", { n: number(hours) });
  return say("chart.resolution.rolled", { width });
}

function options() {
  return {
    ms: 1,
    tzDate,
    legend: { live: true },
    cursor: { drag: { x: true, y: false } },
    scales: { x: { time: true, auto: (chart) => !zoomed(chart) }, y: { range: around } },
    hooks: { setScale: [(chart, key) => key === "x" && noteZoom(chart)] },
    axes: [page.minutes > DAY ? dayAxis() : clockAxis(), axis({ values: amounts(1 / 1000), label: "kW", labelSize: 18, size: 56 })],
    series: [
      { label: say("chart.time"), value: pointed((at) => time(at, now())) },
      ...page.metered.map((device, index) => {
        const first = index === 0 && page.metered.length > 1;
        return {
          label: page.labels[device],
          stroke: first ? css("--s0") : palette(index),
          width: first ? 2.2 : 1.6,
          spanGaps: false,
          points: { show: true, size: 3, filter: apart },
          value: pointed((watts, at) => (watts === null || watts === undefined ? "–" : `${reach(watts, bounds[index], at)} kW`)),
        };
      }),
    ],
    plugins: [band((index) => bounds[index]), shading(() => gaps.map(({ start, end }) => ({ start, end, fill: css("--shade") })))],
  };
}

// What was zoomed into stays in view while readings come in: until a double click, or until nothing of it is left.
let zoom = null;
const zoomed = (chart) => zoom !== null && zoom.chart === chart && chart.data[0][0] < zoom.end;

function noteZoom(chart) {
  const { min, max } = chart.scales.x;
  const times = chart.data[0];
  zoom = times.length > 1 && (min > times[0] || max < times.at(-1)) ? { chart, end: max } : null;
  zoomNote.hidden = zoom === null;
}

// Room for the largest and least reading as well, wherever a band shows them.
function around(chart, low, high) {
  const [min, max] = [chart.scales.x.min ?? -Infinity, chart.scales.x.max ?? Infinity];
  let [least, most] = [Math.min(low ?? 0, 0), high ?? 1];
  bounds.forEach((bound, index) => {
    if (!bound || !chart.series[index + 1].show) return;
    data[0].forEach((at, i) => {
      if ((bound.high[i] ?? null) === null || at < min || at > max) return;
      least = Math.min(least, bound.low[i]);
      most = Math.max(most, bound.high[i]);
    });
  });
  return [least, Math.max(most * 1.08, 100)];
}

function reach(watts, bound, at) {
  if (!bound || bound.high[at] === null) return kw(watts);
  return say("chart.between", { mean: kw(watts), low: kw(bound.low[at]), high: kw(bound.high[at]) });
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
  sparks();
  noteEmpty();
}

function sparks() {
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
