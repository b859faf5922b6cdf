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
export const pointed = (said) => (_, value, __, index) => (index === null || index === undefined ? "" : said(value));

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
