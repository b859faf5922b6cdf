// A programme whose evaluation takes long: the page waits for it and says how far it is.

import { page, say } from "./page.js";
import { failed, renewed, waited } from "./waiting.js";

if (page.api) {
  try {
    const { answer, found } = await waited(page.api, page.progress, "programme.pending_at");
    if (!answer.ok) throw new Error(found.detail);
    await renewed("programme");
  } catch (error) {
    failed(say("programme.failed"), error);
  }
}
