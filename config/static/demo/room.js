/** The page of the demo rooms: what a person sees and does. What it says to the server stands in lyceum.js. */

import { LineLost, Lyceum, Refusal, uuid7 } from "./lyceum.js";

const WINDOW = 50; // messages that are read at once
const REFRESH = 15_000; // milliseconds between two looks at what the stream of the open room does not tell
const TYPING_SENT = 3_000; // between two calls of somebody who types
const TYPING_SHOWN = 5_000; // after the last word of it

const $ = (id) => document.getElementById(id);
const copyOf = (template) => $(template).content.firstElementChild.cloneNode(true);

// Kept for this tab alone: the next one may be another person, and a closed one leaves nothing behind.
const api = new Lyceum(sessionStorage.getItem("token"));
let me = null;
let shown = null; // the OpenRoom
let visit = new AbortController(); // aborts when somebody leaves

// --- One room that is open --------------------------------------------------------------------------

class OpenRoom {
  changes = new Map(); // by a message's key: the latest that has become of it, as the API tells it
  items = new Map(); // by a message's key: where it stands on the page
  typing = new Map(); // by a person's key: their name, and the timer that ends it
  present = new Set(); // keys of the people who are here
  typedAt = 0; // when the others were told that one types oneself
  oldest = Infinity; // the number from which on everything is shown
  latest = 0; // the highest number that there has been
  readTo = 0;
  closing = new AbortController();

  constructor(room) {
    this.id = room.id;
    $("room-name").textContent = nameOf(room);
    this.take(room);
    for (const id of ["messages", "present", "typing", "line"]) $(id).textContent = "";
    $("older").hidden = true;
    $("compose").inert = false;
    for (const post of outbox) if (post.room === this.id) this.showPost(post);
  }

  /** What the list of rooms says about it. */
  take(room) {
    $("messages").classList.toggle("administered", room.role === "admin");
  }

  close() {
    this.closing.abort();
    clearTimeout(this.marking);
    for (const { timer } of this.typing.values()) clearTimeout(timer);
  }

  /** Read what was said and go on with what happens, until the room is closed or the server sends one away. */
  async live() {
    const { signal } = this.closing;
    while (!signal.aborted) {
      try {
        const revision = await this.readHistory();
        for await (const event of api.follow(this.id, revision, { signal })) this.hear(event);
      } catch (error) {
        if (signal.aborted) return;
        // Purged messages are told by nobody, so only a new reading shows that they are gone.
        if (error.code !== "history_gone") return this.end(error);
      }
    }
  }

  end(error) {
    this.close();
    $("compose").inert = true;
    $("present").textContent = $("typing").textContent = "";
    $("line").textContent = error.status === 404 ? "You are not in this room any more." : words(error);
    if (error.status === 401) leave("Your log-in has ended. Log in again.");
    else if (!(error instanceof Refusal)) throw error;
    else quietly(refreshRooms);
  }

  async readHistory() {
    const { signal } = this.closing;
    const onWait = () => this.tellLine(false);
    const path = `rooms/${this.id}/messages/?limit=${WINDOW}`;
    // Of one moment: what is not among the items has a revision after `last_revision`.
    $("history").ariaBusy = "true"; // nobody wants all of it read out
    const { items, has_more, last_revision } = await api.insist("GET", path, undefined, { signal, onWait });
    for (const id of this.changes.keys()) this.remove(id);
    this.changes.clear();
    this.add(items, has_more);
    $("history").scrollTop = 0;
    this.markRead();
    $("history").ariaBusy = "false";
    return last_revision;
  }

  async readOlder() {
    const path = `rooms/${this.id}/messages/?before=${this.oldest}&limit=${WINDOW}`;
    const { items, has_more } = await api.ask("GET", path);
    if (this.closing.signal.aborted) return;
    this.add(items, has_more);
  }

  /** Take in a window of the history that ends where the one before it began. */
  add(messages, hasMore) {
    this.oldest = hasMore ? messages[0].seq : 0;
    for (const message of messages) this.learn({ revision: message.revision, message });
    // What was above the window is in it now, and so is what some replies answer.
    for (const id of this.changes.keys()) this.show(id);
    $("older").hidden = !hasMore;
  }

  hear(event) {
    if (event.type === "message" || event.type === "deleted") {
      this.tell(event);
      if (event.message) this.tellTyping(event.message.user, false);
    } else if (event.type === "typing") {
      if (event.user.id === me.id) return;
      this.tellTyping(event.user, true);
      if (!this.present.has(event.user.id)) quietly(() => this.askPresence());
    } else {
      this.tellLine(event.type === "open");
      if (event.type === "open") quietly(() => this.askPresence());
    }
  }

  tell(change) {
    if (this.learn(change)) this.show(change.deleted ?? change.message.id);
    this.markRead();
  }

  /** Keep the latest, and say whether this is it: answers, history and stream come in any order. */
  learn(change) {
    const id = change.deleted ?? change.message.id;
    if (this.changes.get(id)?.revision >= change.revision) return false;
    this.changes.set(id, change);
    this.latest = Math.max(this.latest, change.seq ?? change.message.seq);
    return true;
  }

  show(id) {
    const { message } = this.changes.get(id);
    if (!message) return this.remove(id);
    // What is edited above the window would stand there with a gap below; it is read with its neighbours.
    if (message.seq >= this.oldest) this.fill(this.place(id, message.seq), message);
  }

  /** A message on its way has no number yet, and stands below all others. */
  showPost({ id, content, state }) {
    if (this.changes.has(id)) return; // it has arrived, and only its answer is still on its way
    const item = this.place(id, Infinity);
    this.fill(item, { id, content, user: me, created_at: new Date() });
    item.classList.add("waiting");
    item.querySelector(".state").textContent = state;
  }

  place(id, seq) {
    if (!this.items.has(id)) this.items.set(id, copyOf("a-message"));
    const item = this.items.get(id);
    if (item.dataset.seq === String(seq)) return item;
    item.dataset.seq = seq;
    let next = null;
    for (let other = $("messages").lastElementChild; other; other = other.previousElementSibling) {
      if (other === item) continue;
      if (Number(other.dataset.seq) <= seq) break; // of those without a number the later one is below
      next = other;
    }
    if (!item.isConnected || item.nextElementSibling !== next) $("messages").insertBefore(item, next);
    return item;
  }

  // All that people wrote goes in as text, never as HTML.
  fill(item, message) {
    const part = (name) => item.querySelector(`.${name}`);
    item.className = message.user.id === me.id ? "mine" : "";
    part("face").textContent = initials(message.user);
    part("face").dataset.tone = parseInt(message.user.id?.slice(-2) ?? "0", 16) % 6;
    part("author").textContent = nameOf(message.user);
    part("state").textContent = message.edited_at ? "edited" : "";
    part("content").textContent = message.content;
    const answered = this.changes.get(message.reply_to)?.message;
    part("answers").hidden = !message.reply_to;
    part("answers").textContent = `In reply to ${answered ? nameOf(answered.user) : "an earlier message"}`;
    const time = new Date(message.created_at);
    const isToday = time.toDateString() === new Date().toDateString();
    part("time").dateTime = time.toISOString();
    part("time").textContent = time.toLocaleString([], { ...(!isToday && { dateStyle: "medium" }), timeStyle: "short" });
    part("edit").onclick = () => this.edit(item, message.id);
    part("delete").onclick = () => this.delete(message.id);
  }

  remove(id) {
    if (this.items.get(id)?.contains(document.activeElement)) $("content").focus();
    this.items.get(id)?.remove();
    this.items.delete(id);
  }

  edit(item, id) {
    if (item.querySelector(".editor")) return;
    const editor = copyOf("an-editor");
    const [field] = editor.elements;
    const end = () => {
      editor.remove();
      item.querySelector(".edit").focus();
    };
    field.value = this.changes.get(id).message.content;
    editor.onsubmit = (event) => {
      event.preventDefault();
      attempt(async () => {
        const path = `rooms/${this.id}/messages/${id}/`;
        const message = await api.ask("PATCH", path, { content: field.value });
        this.tell({ revision: message.revision, message });
        end();
      });
    };
    editor.onkeydown = (event) => {
      if (event.key === "Escape") end();
      sendOnEnter(event);
    };
    editor.querySelector(".cancel").onclick = end;
    item.querySelector(".content").after(editor);
    field.focus();
  }

  delete(id) {
    if (!confirm("Delete this message for everybody?")) return;
    // The stream takes it off the page, as it does for everybody else.
    attempt(() => api.ask("DELETE", `rooms/${this.id}/messages/${id}/`));
  }

  tellLine(isOpen) {
    $("line").textContent = isOpen ? "Live" : "Connection lost, trying again…";
    $("line").classList.toggle("lost", !isOpen);
  }

  tellTyping(person, isTyping) {
    clearTimeout(this.typing.get(person.id)?.timer);
    this.typing.delete(person.id);
    if (isTyping) {
      const timer = setTimeout(() => this.tellTyping(person, false), TYPING_SHOWN);
      this.typing.set(person.id, { name: nameOf(person), timer });
    }
    const names = new Intl.ListFormat("en").format(Array.from(this.typing.values(), ({ name }) => name));
    $("typing").textContent = names && `${names} ${this.typing.size > 1 ? "are" : "is"} typing…`;
  }

  /** Tell others that one types; it is worth no second try. */
  type() {
    if (Date.now() < this.typedAt + TYPING_SENT) return;
    this.typedAt = Date.now();
    quietly(() => api.ask("POST", `rooms/${this.id}/typing/`));
  }

  async askPresence() {
    const { signal } = this.closing;
    const { items } = await api.ask("GET", `rooms/${this.id}/presence/`, undefined, { signal });
    const others = items.filter((person) => person.id !== me.id);
    this.present = new Set(others.map((person) => person.id));
    const names = others.map(nameOf).join(", ");
    $("present").textContent = names ? `Here now: ${names}` : "Nobody else is here now.";
  }

  /** Move the read marker to what is before the eyes, but not once for each message of a fast talk. */
  markRead() {
    // Scrolled by its end, as the style sheet says: above it the numbers are negative.
    if (document.visibilityState !== "visible" || $("history").scrollTop < -40) return;
    this.seen = this.latest;
    if (this.seen === this.readTo) return;
    this.marking ??= setTimeout(() => {
      const seq = this.seen;
      this.marking = null;
      quietly(async () => {
        await api.ask("POST", `rooms/${this.id}/read/`, { seq }, { signal: this.closing.signal });
        this.readTo = seq;
        await refreshRooms();
      });
    }, 500);
  }
}

// --- What is on its way -----------------------------------------------------------------------------

const outbox = [];

/** Send what waits, in its order, each until there is an answer: its own id lets it be said twice and stand once. */
async function deliver() {
  const { signal } = visit;
  while (outbox.length && !signal.aborted) {
    const [post] = outbox;
    const onWait = () => {
      post.state = "Waiting to be sent…";
      if (shown?.id === post.room) shown.showPost(post);
    };
    const { room, id, content } = post;
    try {
      const message = await api.insist("POST", `rooms/${room}/messages/`, { id, content }, { signal, onWait });
      if (shown?.id === room) shown.tell({ revision: message.revision, message });
    } catch (error) {
      if (signal.aborted) return;
      if (shown?.id === room && !shown.changes.has(id)) shown.remove(id);
      // An earlier try had arrived after all, and somebody has edited or deleted the message since.
      if (error.code !== "id_conflict") say(`Not sent: ${words(error)} “${content}”`);
      if (!(error instanceof Refusal)) throw error;
    } finally {
      if (outbox[0] === post) outbox.shift();
    }
  }
}

function post(content) {
  const message = { room: shown.id, id: uuid7(), content, state: "Sending…" };
  outbox.push(message);
  shown.showPost(message);
  shown.typedAt = 0;
  $("history").scrollTop = 0;
  if (outbox.length === 1) deliver();
}

// --- The list of rooms ------------------------------------------------------------------------------

const roomItems = new Map(); // by a room's key

async function refreshRooms() {
  const { items } = await api.ask("GET", "rooms/?page_size=100", undefined, { signal: visit.signal });
  const focused = document.activeElement;
  $("rooms").replaceChildren(...items.map(roomItem));
  focused.focus(); // it may have been among those that were moved
  $("no-rooms").hidden = items.length > 0;
  shown?.take(items.find((room) => room.id === shown.id) ?? {});
}

function roomItem(room) {
  if (!roomItems.has(room.id)) roomItems.set(room.id, copyOf("a-room"));
  const item = roomItems.get(room.id);
  const link = item.querySelector("a");
  const last = room.last_message;
  link.href = `#${room.id}`;
  link.onclick = () => {
    if (location.hash === link.hash) route(); // the same address again is no news to a browser
  };
  link.ariaCurrent = shown?.id === room.id ? "page" : "false";
  item.querySelector(".name").textContent = nameOf(room);
  item.querySelector(".last").textContent = last ? `${nameOf(last.user)}: ${last.content}` : "Nothing said yet";
  item.querySelector(".unread").hidden = !room.unread_count;
  item.querySelector(".unread b").textContent = room.unread_count;
  return item;
}

/** Open the room that the address names behind its #. */
async function route() {
  const id = location.hash.slice(1);
  shown?.close();
  shown = null;
  const room = id && me && (await attempt(() => api.ask("GET", `rooms/${encodeURIComponent(id)}/`)));
  if (id !== location.hash.slice(1) || shown) return; // somebody was faster than the answer
  $("room").hidden = !room;
  $("no-room").hidden = Boolean(room);
  document.title = room ? `${nameOf(room)} – Lyceum` : "Rooms – Lyceum";
  if (room) {
    shown = new OpenRoom(room);
    shown.live();
    if (matchMedia("(pointer: fine)").matches) $("content").focus();
  }
  if (me) quietly(refreshRooms);
}

// --- Coming and going -------------------------------------------------------------------------------

async function enter() {
  me = await api.ask("GET", "me/");
  $("my-name").textContent = nameOf(me);
  arrange();
  await route();
}

/** Show the door again; nothing of the person stays on the page. */
function leave(why = "") {
  sessionStorage.removeItem("token");
  api.token = null;
  visit.abort();
  visit = new AbortController();
  shown?.close();
  me = shown = null;
  outbox.length = 0;
  roomItems.clear();
  for (const id of ["rooms", "messages", "my-name", "room-name", "present", "typing"]) $(id).textContent = "";
  $("content").value = "";
  $("room").hidden = true;
  document.title = "Rooms – Lyceum";
  arrange();
  say(why);
}

function arrange() {
  $("me").hidden = $("inside").hidden = !me;
  $("door").hidden = Boolean(me);
  if (!me) $("login").focus();
}

/** Do what a person asks for, and say in words what was refused. */
async function attempt(action) {
  const { signal } = visit;
  try {
    say("");
    return await action();
  } catch (error) {
    if (signal.aborted) return;
    if (api.token && error.status === 401) leave("Your log-in has ended. Log in again.");
    else if (error instanceof Refusal || error instanceof LineLost) say(words(error));
    else throw error;
  }
}

/** Do what the page does by itself: it will be asked again, so no word is lost on a lost line. */
async function quietly(action) {
  const { signal } = visit;
  try {
    await action();
  } catch (error) {
    if (signal.aborted) return;
    if (error.status === 401) leave("Your log-in has ended. Log in again.");
    // Of a room that is no longer one's own its stream tells.
    else if (!error.isTemporary && error.status !== 404) throw error;
  }
}

function say(words) {
  $("notice").textContent = words;
}

function words(error) {
  if (error.status === 429) {
    return `Too many attempts. Try again in ${Math.ceil(error.retryAfter / 1000)} seconds.`;
  }
  if (error.flows?.some((flow) => flow.id === "mfa_authenticate")) {
    return "This account asks for a second factor, which this example does not.";
  }
  const [first] = Object.values(error.fields ?? {}).flat();
  return first?.message ?? error.message;
}

function nameOf({ name, username, other }) {
  return name || username || (other ? nameOf(other) : "Somebody");
}

function initials(person) {
  const names = nameOf(person).split(/\s+/);
  return names.slice(0, 2).map((name) => [...name][0]).join("").toUpperCase();
}

function sendOnEnter(event) {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  event.currentTarget.closest("form").requestSubmit();
}

$("log-in").onsubmit = (event) => {
  event.preventDefault();
  attempt(async () => {
    await api.logIn($("login").value.trim(), $("password").value);
    sessionStorage.setItem("token", api.token);
    $("log-in").reset();
    await enter();
  });
};
$("log-out").onclick = () =>
  attempt(async () => {
    await api.logOut();
    history.replaceState(null, "", location.pathname);
    leave();
  });
$("compose").onsubmit = (event) => {
  event.preventDefault();
  const content = $("content").value;
  if (!content.trim()) return;
  $("content").value = "";
  post(content);
};
$("content").onkeydown = sendOnEnter;
$("content").oninput = () => {
  if ($("content").value.trim()) shown.type();
};
$("older").onclick = () => attempt(() => shown.readOlder());
$("history").onscroll = () => shown?.markRead();
addEventListener("hashchange", route);

function refresh() {
  if (!me || document.visibilityState !== "visible") return;
  quietly(refreshRooms);
  if (!shown || shown.closing.signal.aborted) return;
  quietly(() => shown.askPresence());
  shown.markRead();
}
setInterval(refresh, REFRESH);
document.addEventListener("visibilitychange", refresh);

if (api.token) await attempt(enter);
arrange();
