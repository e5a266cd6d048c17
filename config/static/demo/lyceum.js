/**
 * Lyceum's API for browsers: calls that are answered or refused in one way, and rooms that are followed live.
 *
 * Nothing is needed beside this file. What all calls have in common is told in docs/api.md.
 */

const SECOND = 1_000;
// An open stream says something every 15 seconds, if only a comment. Silence means that the line is dead, which
// a browser does not notice by itself: a laptop that slept, a phone that changed its network.
const SILENCE = 40 * SECOND;
const PATIENCE = 60 * SECOND;
const FIRST_PAUSE = 0.5 * SECOND;
const LONGEST_PAUSE = 30 * SECOND;

/** An answer that says no: `code` is for programs and stays as it is, `message` is for people. */
export class Refusal extends Error {
  constructor(answer, body) {
    // The API has one envelope; below /api/auth/ it is django-allauth's own, a list.
    const said = body?.error ?? body?.errors?.[0] ?? {};
    super(said.message ?? `The server answered ${answer.status}.`);
    this.status = answer.status;
    this.code = said.code ?? "";
    this.fields = said.fields ?? {};
    this.flows = body?.data?.flows ?? []; // of a log-in that is not complete
    this.requestId = answer.headers.get("X-Request-ID");
    this.retryAfter = Number(answer.headers.get("Retry-After")) * SECOND || 0;
  }

  /** Whether the same may be answered otherwise after a while. */
  get isTemporary() {
    return [429, 502, 503, 504].includes(this.status);
  }
}

/** No answer: whether the call was carried out, nobody here knows. */
export class LineLost extends Error {
  isTemporary = true;
  retryAfter = 0;
}

/** A key that the client gives to what it makes. It begins with the time, as the server's own keys do. */
export function uuid7() {
  const time = Date.now().toString(16).padStart(12, "0");
  // Not crypto.randomUUID(), which there is only over https and on localhost.
  const bytes = crypto.getRandomValues(new Uint8Array(10));
  bytes[0] = 0x70 | (bytes[0] & 0x0f);
  bytes[2] = 0x80 | (bytes[2] & 0x3f);
  const hex = time + Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** One person's view of the API. */
export class Lyceum {
  /** `token` is the `meta.session_token` of a log-in, where there has been one. */
  constructor(token = null) {
    this.token = token;
  }

  /** By e-mail or username. A 401 says that there is more to prove: its `flows` name it. */
  async logIn(login, password) {
    const who = login.includes("@") ? { email: login } : { username: login };
    const answer = await this.#send("POST", "/api/auth/app/v1/auth/login", { body: { ...who, password } });
    this.token = (await onTheLine(answer.json())).meta.session_token;
  }

  /** End the session on the server; whoever has the token opens nothing with it any more. */
  async logOut() {
    try {
      await this.#send("DELETE", "/api/auth/app/v1/auth/session");
    } catch (error) {
      // That nobody is logged in (any more) is what was wanted.
      if (![401, 410].includes(error.status)) throw error;
    }
    this.token = null;
  }

  /** What a call below /api/v1/ answers, or null where it answers nothing. */
  async ask(method, path, body, { signal } = {}) {
    const signals = [AbortSignal.timeout(PATIENCE), signal].filter(Boolean);
    const answer = await this.#send(method, `/api/v1/${path}`, { body, signal: AbortSignal.any(signals) });
    return answer.status === 204 ? null : onTheLine(answer.json());
  }

  /**
   * Ask until there is an answer; `onWait` is told what stood in the way.
   *
   * Only for what may be said twice: reads, and creates that carry an `id` of the client's own. Where the first
   * try was carried out and only its answer lost, the second is answered 200 with the same row.
   */
  async insist(method, path, body, { signal, onWait = () => {} } = {}) {
    for (let failures = 0; ; failures++) {
      try {
        return await this.ask(method, path, body, { signal });
      } catch (error) {
        if (signal?.aborted || !error.isTemporary) throw error;
        onWait(error);
        await pause(failures, error.retryAfter, signal);
      }
    }
  }

  /**
   * What happens in a room after a revision, each change once and in order, for as long as one listens:
   * `{type: "message", revision, message}` for what is posted or edited, `{type: "deleted", revision, deleted, seq}`,
   * `{type: "typing", user}`; and of the line itself `{type: "open"}` and `{type: "lost"}`.
   *
   * Begin with the `last_revision` of the history. It ends when `signal` aborts, and throws the refusal where
   * coming back is of no use: 401 logged out, 404 not in this room any more, 410 `history_gone`, which means that
   * too much has been purged since: read the history anew.
   *
   * Over HTTP/1.1 a browser has six connections to a host for all its tabs, and each stream takes one.
   */
  async *follow(room, revision, { signal } = {}) {
    for (let failures = 0; !signal?.aborted; failures++) {
      const began = Date.now();
      const line = new AbortController();
      const signals = [line.signal, signal].filter(Boolean);
      addEventListener("offline", () => line.abort(), { signal: line.signal });
      let silence;
      let retryAfter = 0;
      const heard = () => {
        clearTimeout(silence);
        silence = setTimeout(() => line.abort(), SILENCE);
      };
      try {
        heard();
        // What EventSource would send by itself; but EventSource cannot send a token.
        const headers = { "Last-Event-ID": String(revision), Accept: "text/event-stream" };
        const path = `/api/v1/rooms/${encodeURIComponent(room)}/events/`;
        const answer = await this.#send("GET", path, { headers, signal: AbortSignal.any(signals) });
        yield { type: "open" };
        for await (const event of eventsOf(answer.body, heard)) {
          // Typing is stored nowhere, so it has no number; it leaves the last one standing.
          if (event.id) revision = event.id;
          yield { type: event.type, ...JSON.parse(event.data) };
        }
      } catch (error) {
        if (signal?.aborted) return;
        if (!error.isTemporary) throw error;
        retryAfter = error.retryAfter;
      } finally {
        clearTimeout(silence);
        line.abort(); // also when the listener has had enough
      }
      if (signal?.aborted) return;
      yield { type: "lost" };
      if (Date.now() - began > LONGEST_PAUSE) failures = 0;
      await pause(failures, retryAfter, signal);
    }
  }

  async #send(method, path, { body, headers = {}, signal } = {}) {
    headers = { Accept: "application/json", ...headers };
    // Both doors know this header; `Authorization: Bearer` does as well below /api/v1/. Never in an address.
    if (this.token) headers["X-Session-Token"] = this.token;
    if (body !== undefined) headers["Content-Type"] = "application/json";
    // Without cookies: who asks is who the token says, whoever else is logged in to this browser.
    const request = { method, headers, signal, credentials: "omit" };
    if (body !== undefined) request.body = JSON.stringify(body);
    const answer = await onTheLine(fetch(path, request));
    if (answer.ok) return answer;
    throw new Refusal(answer, parsed(await onTheLine(answer.text())));
  }
}

/** The events of a text/event-stream, by the rules of https://html.spec.whatwg.org/#event-stream-interpretation. */
export async function* eventsOf(body, heard = () => {}) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader(); // a chunk may end within a character,
  let rest = ""; // within a line,
  let isAfterReturn = false; // and within a CRLF
  let id = "";
  let type = "";
  let data = [];
  for (;;) {
    const { done, value } = await onTheLine(reader.read());
    if (done) return; // an event without its blank line is not whole, and comes again
    heard();
    const text = isAfterReturn && value.startsWith("\n") ? value.slice(1) : value;
    isAfterReturn = value.endsWith("\r");
    const lines = (rest + text).split(/\r\n|\r|\n/);
    rest = lines.pop();
    for (const line of lines) {
      const [, field, content = ""] = /^([^:]*)(?:: ?(.*))?$/s.exec(line);
      if (line === "") {
        if (data.length) yield { id, type: type || "message", data: data.join("\n") };
        type = "";
        data = [];
      } else if (field === "data") data.push(content);
      else if (field === "event") type = content;
      else if (field === "id" && !content.includes("\0")) id = content; // it stands until there is another
    }
  }
}

/** Wait longer after each failure, and not all clients equally long: they do not come back in one moment. */
function pause(failures, atLeast, signal) {
  const longest = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** failures);
  const time = Math.max(atLeast, longest * (0.5 + Math.random() / 2));
  return new Promise((resolve) => {
    const over = new AbortController();
    const end = () => {
      clearTimeout(timer);
      over.abort();
      resolve();
    };
    const timer = setTimeout(end, time);
    signal?.addEventListener("abort", end, { signal: over.signal });
    // Unless the server has asked for patience, there is none to be had once the network is back.
    if (!atLeast) addEventListener("online", end, { signal: over.signal });
    if (signal?.aborted) end();
  });
}

function onTheLine(promise) {
  return promise.catch((error) => {
    throw new LineLost("The server cannot be reached.", { cause: error });
  });
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null; // the page of a proxy
  }
}
