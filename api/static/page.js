// What every page's script needs: its data, sentences, numbers, and the site's clock.

export const page = JSON.parse(document.getElementById("page").textContent);

export function say(key, values = {}) {
  return page.texts[key].replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

const formats = new Map();

export function number(value, digits = 0) {
  if (value === null || value === undefined) return "–";
  if (!formats.has(digits)) {
    formats.set(digits, new Intl.NumberFormat("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits }));
  }
  const text = formats.get(digits).format(value);
  return /[1-9]/.test(text) ? text.replace("-", "−") : text.replace("-", "");
}

export function kw(watts) {
  if (watts === null || watts === undefined) return "–";
  const value = watts / 1000;
  const size = Math.abs(value);
  return number(value, size >= 1000 ? 0 : size >= 10 ? 1 : 2);
}

export const kwh = (wattHours) => {
  if (wattHours === null || wattHours === undefined) return "–";
  const value = wattHours / 1000;
  const size = Math.abs(value);
  return number(value, size >= 1000 ? 0 : size >= 10 ? 1 : 2);
};

const inZone = (options) => new Intl.DateTimeFormat("en-GB", { timeZone: page.timezone, ...options });
const seconds = inZone({ hour: "2-digit", minute: "2-digit", second: "2-digit" });
const minutes = inZone({ hour: "2-digit", minute: "2-digit" });
const parts = inZone({ year: "numeric", month: "numeric", day: "numeric" });
const shortMonth = new Intl.DateTimeFormat("en-US", { timeZone: page.timezone, month: "short" });

export function day(at) {
  const found = Object.fromEntries(parts.formatToParts(at).map((part) => [part.type, part.value]));
  return page.lang === "ko"
    ? `${Number(found.month)}월 ${Number(found.day)}일`
    : `${Number(found.day)} ${shortMonth.format(at)}`;
}

export function time(at, now = Date.now()) {
  const clock = seconds.format(at);
  return parts.format(at) === parts.format(now) ? clock : `${day(at)} ${clock}`;
}

export const minute = (at) => minutes.format(at);

export function show(element, text) {
  if (element && element.textContent !== text) element.textContent = text;
}

export function css(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
