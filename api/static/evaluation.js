// The charts of one evaluation, from the same document a program gets.

import { amounts, axis, dayAxis, fail, palette, place, pointed, shading, tzDate } from "./charts.js";
import { css, day, number, page, say } from "./page.js";

const url = `/api/sites/${encodeURIComponent(page.site)}/plans/${encodeURIComponent(page.plan)}/evaluation`;
const actualBox = document.getElementById("actual-chart");
const cumulativeBox = document.getElementById("cumulative-chart");

const amount = pointed((value) => (value === null || value === undefined ? "–" : `${number(value)} kWh`));

function base(series, bands, stretches, plugins = []) {
  return {
    ms: 1,
    tzDate,
    legend: { live: true },
    cursor: { drag: { x: true, y: false } },
    scales: { x: { time: true } },
    axes: [dayAxis(), axis({ values: amounts(), size: 64 })],
    series: [{ label: say("chart.date"), value: pointed(day) }, ...series],
    bands,
    plugins: [shading(() => stretches), ...plugins],
  };
}

function periods(found) {
  const fill = { baseline: "rgb(0 0 0 / 0)", installation: css("--shade"), reporting: css("--band") };
  return ["baseline", "installation", "reporting"].map((name) => ({
    start: found[name].start_ms,
    end: found[name].end_ms,
    fill: fill[name],
    label: say(`evaluation.${name}`),
  }));
}

// A line must not join intervals that are not neighbours: between windows that stand apart a null breaks it.
function broken({ start_ms: starts, end_ms: ends, actual_kwh: actual, adjusted_kwh: adjusted }) {
  const data = [[], [], []];
  starts.forEach((start, index) => {
    if (index && start > ends[index - 1]) {
      data[0].push(ends[index - 1]);
      data[1].push(null);
      data[2].push(null);
    }
    data[0].push(start);
    data[1].push(actual[index]);
    data[2].push(adjusted[index]);
  });
  return data;
}

// Proposed events as small triangles above the lines: a step where it begins.
function marks(events) {
  const draw = ({ ctx, bbox, valToPos }) => {
    const size = 6 * devicePixelRatio;
    ctx.save();
    ctx.fillStyle = css("--warn");
    for (const event of events) {
      const at = valToPos(event.kind === "step" ? event.start_ms : (event.start_ms + event.end_ms) / 2, "x", true);
      if (at < bbox.left || at > bbox.left + bbox.width) continue;
      ctx.beginPath();
      ctx.moveTo(at - size, bbox.top);
      ctx.lineTo(at + size, bbox.top);
      ctx.lineTo(at, bbox.top + 1.6 * size);
      ctx.fill();
    }
    ctx.restore();
  };
  return { hooks: { draw } };
}

function drawActual(found) {
  const options = () =>
    base(
      [
        { label: say("evaluation.actual"), stroke: css("--s0"), width: 2, spanGaps: false, points: { size: 4 }, value: amount },
        { label: say("evaluation.adjusted"), stroke: palette(2), width: 2, dash: [6, 4], spanGaps: false, points: { show: false }, value: amount },
      ],
      [],
      periods(found),
      [marks(found.events)],
    );
  return place(actualBox, options, broken(found.intervals));
}

function drawCumulative({ end_ms: ends, kwh, low, high }, start) {
  const options = () =>
    base(
      [
        { label: say("evaluation.high"), stroke: palette(1), width: 1, points: { show: false }, value: amount },
        { label: say("evaluation.cumulative"), stroke: palette(1), width: 2.6, points: { show: false }, value: amount },
        { label: say("evaluation.low"), stroke: palette(1), width: 1, points: { show: false }, value: amount },
      ],
      [{ series: [1, 3], fill: css("--band") }],
      [],
    );
  return place(cumulativeBox, options, [[start, ...ends], [0, ...high], [0, ...kwh], [0, ...low]]);
}

try {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
  const found = await answer.json();
  globalThis.wattproof = { actual: drawActual(found) };
  if (found.cumulative && cumulativeBox) {
    globalThis.wattproof.cumulative = drawCumulative(found.cumulative, found.reporting.start_ms);
  }
} catch {
  for (const box of [actualBox, cumulativeBox]) if (box) fail(box);
}
