// Waiting for what the server makes in its own time: how far it is, and then the page it renders of it.

import { page, say, show } from "./page.js";

const SLOW_MS = 1000;
const LOOK_MS = 700;

// The answer of `api` and what it says; meanwhile the page tells how far `progress` says it is.
export async function waited(api, progress, counted) {
  const begun = Date.now();
  const ticking = setInterval(() => {
    const seconds = Math.floor((Date.now() - begun) / 1000);
    if (Date.now() - begun > SLOW_MS) show(document.getElementById("pending"), say("pending.for", { s: seconds }));
  }, 250);
  const looking = setInterval(() => look(progress, counted), LOOK_MS);
  try {
    const answer = await fetch(api);
    return { answer, found: await answer.json() };
  } finally {
    clearInterval(ticking);
    clearInterval(looking);
  }
}

async function look(progress, counted) {
  const bar = document.getElementById("progress");
  if (!bar) return;
  try {
    const answer = await fetch(progress);
    if (!answer.ok) return;
    const { done, of, at } = await answer.json();
    if (of === 0) return;
    bar.max = of;
    bar.value = done;
    bar.hidden = false;
    document.getElementById("working").hidden = true;
    show(document.getElementById("counted"), say(counted, { done, of, at }));
  } catch {
    // The answer itself tells what is wrong.
  }
}

// The server has made it by now and renders it whole; what the page needs for its script comes with it.
export async function renewed(id) {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  Object.assign(page, JSON.parse(fresh.getElementById("page").textContent));
  document.getElementById(id).replaceWith(document.adoptNode(fresh.getElementById(id)));
}

export function failed(sentence, error) {
  const box = document.querySelector(".pending");
  if (!box) return;
  const text = document.createElement("p");
  const cause = document.createElement("span");
  cause.lang = "en"; // REST and browsers say what is wrong in English
  cause.textContent = error.message;
  text.append(`${sentence} `, cause);
  box.replaceChildren(text);
}
