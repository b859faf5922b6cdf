// The Gateways page: the server renders it; while it is live, its content is taken anew every few seconds.

import { watch } from "./live.js";

const EVERY_MS = 5000;
let last = Date.now();
let busy = false;

watch(async () => {
  if (busy || document.hidden || Date.now() - last < EVERY_MS) return;
  busy = true;
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (answer.ok) {
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("gateways");
      if (fresh) document.getElementById("gateways").replaceWith(document.adoptNode(fresh));
    }
  } catch {
    // The feed says it when the server is away.
  } finally {
    busy = false;
    last = Date.now();
  }
});
