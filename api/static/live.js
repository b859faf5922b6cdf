// The pushed feed: one EventSource, reconnecting by itself, and a page that says so when it is not live.

import { page, say, show, time } from "./page.js";

const link = document.getElementById("link");
const stale = document.getElementById("stale");
const clock = document.getElementById("clock");
const lasting = document.getElementById("alarm-count");

const SILENT_MS = 20_000; // the server sends at least a comment every 15 s, and normally an event every second
let heard = Date.now();
let ahead = page.at === undefined ? 0 : page.at - heard; // server's clock minus ours [ms]; a wall tablet's may be years off

export const now = () => Date.now() + ahead;

function alarms(count) {
  lasting.hidden = count === 0;
  lasting.setAttribute("aria-label", say("alarms.lasting", { n: count }));
  show(lasting, String(count));
}

function state(name) {
  link.dataset.state = name;
  show(link.lastElementChild, say(`live.${name}`));
  const paused = name === "off" || name === "trouble";
  stale.hidden = !paused;
  if (paused) show(stale, say("live.paused", { time: time(heard + ahead, now()) }));
}

export function watch(onSnapshot, onReturn = () => {}) {
  let source;
  let away = false;

  function open() {
    source = new EventSource(`/api/sites/${encodeURIComponent(page.site)}/live`);
    source.addEventListener("snapshot", (event) => {
      const snapshot = JSON.parse(event.data);
      heard = Date.now();
      ahead = snapshot.at - heard;
      state("on");
      alarms(snapshot.alarms);
      onSnapshot(snapshot);
      if (away) onReturn();
      away = false;
    });
    source.addEventListener("trouble", () => {
      away = true;
      state("trouble");
    });
    source.onerror = () => {
      away = true;
      state("off");
      // After an HTTP error the browser gives up; a proxy that restarts must not leave a dead page on the wall.
      if (source.readyState === EventSource.CLOSED) setTimeout(open, 3000);
    };
  }

  open();
  addEventListener("pagehide", () => source.close());
  addEventListener("pageshow", (event) => event.persisted && open());
  setInterval(() => {
    show(clock, time(now(), now()));
    if (link.dataset.state === "on" && Date.now() - heard > SILENT_MS) {
      away = true;
      state("off");
      source.close();
      open();
    }
  }, 1000);
}
