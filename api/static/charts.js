// What the charts share: colours of the present theme, axes in the site's time zone, shaded stretches, honest gaps.

import { css, day, minute, number, page } from "./page.js";

export const palette = (index) => css(`--s${((index - 1) % 7) + 1}`);

export function axis(extra = {}) {
  return {
    stroke: css("--dim"),
    grid: { stroke: css("--grid"), width: 1 },
    ticks: { stroke: css("--grid"), width: 1, size: 5 },
    font: `12px ${css("--sans")}`,
    labelFont: `600 12px ${css("--sans")}`,
    ...extra,
  };
}

// Ticks with as many digits as their step needs: 22.5 must not read 23. `scale` makes of the chart's unit the shown one.
export const amounts = (scale = 1) => (_, splits) => {
  const step = Math.abs((splits[1] ?? 1) - (splits[0] ?? 0)) * scale;
  const digits = [0, 1, 2, 3].find((places) => Math.abs(step * 10 ** places - Math.round(step * 10 ** places)) < 1e-6) ?? 3;
  return splits.map((value) => number(value * scale, digits));
};

// What the legend says of a series: nothing while no point is pointed at.
export const pointed = (said) => (_, value, __, index) => (index === null || index === undefined ? "" : said(value, index));

export const clockAxis = () => axis({ values: (_, splits) => splits.map((at) => minute(at)), space: 70, size: 32 });
export const dayAxis = () =>
  axis({ values: (_, splits) => splits.map((at, i) => (i && day(at) === day(splits[i - 1]) ? "" : day(at))), space: 80, size: 32 });

export const tzDate = (at) => uPlot.tzDate(new Date(at), page.timezone);

// Stretches of time filled behind the lines, their labels above: { start, end, fill, label }.
export function shading(stretches) {
  const each = (chart, paint) => {
    const { ctx, bbox } = chart;
    ctx.save();
    for (const stretch of stretches()) {
      const left = Math.max(chart.valToPos(stretch.start, "x", true), bbox.left);
      const right = Math.min(chart.valToPos(stretch.end, "x", true), bbox.left + bbox.width);
      if (right >= left) paint(ctx, bbox, stretch, left, right);
    }
    ctx.restore();
  };
  const fill = (ctx, bbox, stretch, left, right) => {
    ctx.fillStyle = stretch.fill;
    ctx.fillRect(left, bbox.top, Math.max(right - left, 2), bbox.height);
  };
  const name = (ctx, bbox, stretch, left, right) => {
    const ratio = devicePixelRatio;
    ctx.font = `600 ${12 * ratio}px ${css("--sans")}`;
    if (!stretch.label || ctx.measureText(stretch.label).width + 12 * ratio > right - left) return;
    ctx.fillStyle = css("--dim");
    ctx.textAlign = "left";
    ctx.textBaseline = "top";
    ctx.fillText(stretch.label, left + 6 * ratio, bbox.top + 14 * ratio);
  };
  return { hooks: { drawClear: (chart) => each(chart, fill), draw: (chart) => each(chart, name) } };
}

// Values with none beside them: no line reaches them, so they are drawn as points.
export const apart = (chart, series) => {
  const values = chart.data[series];
  return values.flatMap((value, i) => (value !== null && (values[i - 1] ?? null) === null && (values[i + 1] ?? null) === null ? [i] : []));
};

// From the least to the largest of each window, behind the lines: `bounds(index)` of a series is { low, high } or null.
export function band(bounds) {
  const fill = (chart, { low, high }, color) => {
    const { ctx } = chart;
    const [times] = chart.data;
    const half = times.length > 1 ? Math.max((chart.valToPos(times[1], "x", true) - chart.valToPos(times[0], "x", true)) / 2, 0.5) : 1;
    ctx.fillStyle = color;
    times.forEach((at, i) => {
      if (high[i] === null || at < chart.scales.x.min || at > chart.scales.x.max) return;
      const [x, top, foot] = [chart.valToPos(at, "x", true), chart.valToPos(high[i], "y", true), chart.valToPos(low[i], "y", true)];
      ctx.fillRect(x - half, top, 2 * half, Math.max(foot - top, 1));
    });
  };
  const draw = (chart) => {
    const { ctx, bbox } = chart;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    ctx.globalAlpha = 0.16;
    chart.series.slice(1).forEach((series, index) => series.show && bounds(index) && fill(chart, bounds(index), series.stroke(chart)));
    ctx.restore();
  };
  return { hooks: { drawClear: draw } };
}

// Makes a chart that follows its box and the theme. `options(width, height)` is asked anew when the theme changes.
export function place(box, options, data) {
  const size = () => ({
    width: Math.max(box.clientWidth, 200),
    height: Math.round(Math.min(Math.max(box.clientWidth * 0.3, 240), Math.max(innerHeight * 0.45, 240))),
  });
  const held = { chart: null };
  const draw = (values) => {
    held.chart?.destroy();
    held.chart = new uPlot({ ...options(), ...size() }, values, box);
  };
  draw(data);
  new ResizeObserver(() => {
    const { width, height } = size();
    if (width !== held.chart.width || height !== held.chart.height) held.chart.setSize({ width, height });
  }).observe(box);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => draw(held.chart.data));
  return held;
}

export function fail(box) {
  const note = document.createElement("p");
  note.className = "failed";
  note.textContent = box.dataset.unavailable;
  box.replaceChildren(note);
}
