// Asking the API. The session's cookie says who asks; a key is only used to open a session, and then forgotten.
import { state } from "./state.js";

/** What the API has to say against a request; `type` leads to the page that explains it. */
export class Problem extends Error {
  constructor(status, told) {
    super(told.detail || told.title || String(status));
    this.status = status;
    this.code = told.code;
    this.type = told.type;
  }
}

const ATTEMPTS = 3;
const PAUSE = 1000;
const pause = (milliseconds) => new Promise((go) => { setTimeout(go, milliseconds); });

/** Reading is tried again where the server is busy for the moment; what changes something is not. */
async function fetched(path, options, attempts) {
  const answer = await fetch(path, options);
  if (answer.status !== 503 || attempts <= 1) return answer;
  await pause(PAUSE);
  return fetched(path, options, attempts - 1);
}

async function send(path, options) {
  const headers = { Accept: "application/json", "Accept-Language": state.lang, ...options?.headers };
  const answer = await fetched(path, { ...options, headers, credentials: "same-origin" }, options?.method ? 1 : ATTEMPTS);
  if (answer.status === 204) return null;
  const body = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Problem(answer.status, body);
  return body;
}

/** What is at that path; parameters without a value are left out. */
export function get(path, parameters = {}) {
  const given = Object.entries(parameters).filter(([, value]) => value !== null && value !== undefined && value !== "");
  const query = new URLSearchParams(given).toString();
  return send(query ? `${path}?${query}` : path);
}

/** All items of a list that has few; at most `pages` pages. `complete` says whether that was all, `names` what those are
 * called whom the items name, where the list says so. */
export async function all(path, parameters = {}, pages = 10) {
  const items = [];
  const names = {};
  let cursor = null;
  for (let n = 0; n < pages; n += 1) {
    const page = await get(path, { ...parameters, limit: 200, cursor });
    items.push(...page.items);
    Object.assign(names, page.names);
    cursor = page.next_cursor;
    if (cursor === null) break;
  }
  return { items, names, complete: cursor === null };
}

export const signIn = (key) => send("/v1/sessions", { method: "POST", headers: { Authorization: `Bearer ${key}` } });
/** Asks for something to be done; `body` is text. */
export const post = (path, body = null, headers = {}) => send(path, { method: "POST", headers, body });
export const signOut = () => send("/v1/sessions/current", { method: "DELETE" });

const kept = new Map();

/** As `get`, but what does not change while one looks is asked for once. */
export function once(path, parameters = {}) {
  const key = `${state.lang} ${path} ${JSON.stringify(parameters)}`;
  if (!kept.has(key)) {
    const asked = get(path, parameters);
    asked.catch(() => kept.delete(key));
    kept.set(key, asked);
  }
  return kept.get(key);
}

export const forget = () => kept.clear();
