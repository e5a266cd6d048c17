// Lyceum's hot endpoints on Hono, Drizzle and postgres-js.
//   app.js stock       each query is built and parsed anew, as Drizzle does unless told otherwise
//   app.js prepared    each query is one of Drizzle's prepared statements
// With ONE_STATEMENT=1 the token is looked up in the statement of the read, as Lyceum does it.
import { createHash, randomUUID } from "node:crypto";
import { and, asc, count, desc, eq, exists, isNull, sql, TransactionRollbackError } from "drizzle-orm";
import { drizzle } from "drizzle-orm/postgres-js";
import { Hono } from "hono";
import postgres from "postgres";
import {
  categories, keyframes, materials, members, messages, roomMessages, rooms, sessions, subjects, tags, threads, users,
  videoCategories, videos, videoTags,
} from "./tables.js";

const isPrepared = process.argv[2] === "prepared";
const isOneStatement = process.env.ONE_STATEMENT === "1";
const PREVIEW = 200;
const PAGE = 20;
const WINDOW = 50;
const KEY = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const NOBODY = { id: null, name: "Deleted user", username: null, image: "" };

const address = new URL(process.env.DATABASE_URL.replace("@/", "@localhost/"));
const folder = address.searchParams.get("host");
const client = postgres({
  ...(folder ? { path: `${folder}/.s.PGSQL.5432` } : { host: address.hostname, port: Number(address.port || 5432) }),
  user: decodeURIComponent(address.username),
  password: decodeURIComponent(address.password),
  database: address.pathname.slice(1),
  connection: { TimeZone: "UTC" },
  max: 10,
});
const db = drizzle(client);

// A query of named values. Drizzle's placeholders work in prepared statements only.
function query(name, build) {
  if (isPrepared) {
    const statement = build((value) => sql.placeholder(value)).prepare(name);
    return (values) => statement.execute(values);
  }
  return (values) => build((value) => sql`${values[value]}`);
}

const author = { id: users.id, name: users.name, username: users.username, image: users.image };

const opened = (value, columns = { viewer: sql`${sessions.userId}`.as("viewer") }) =>
  db
    .select(columns)
    .from(sessions)
    .innerJoin(users, eq(sessions.userId, users.id))
    .where(
      and(
        eq(sessions.tokenDigest, value("digest")),
        sql`${sessions.expiresAt} > statement_timestamp()`,
        isNull(users.deletedAt),
        users.isActive,
      ),
    );

const openSession = query("session", (value) => opened(value, author));

// A read in the scope of who reads: their key comes with the values, or from the statement itself.
function read(name, build) {
  return query(name, (value) => {
    if (!isOneStatement) return build(db, (column) => eq(column, value("viewer")), value);
    const reader = db.$with("reader").as(opened(value));
    return build(db.with(reader), (column) => sql`${column} = (select viewer from reader)`, value);
  });
}

const isLiveMaterial = exists(
  db.select({ one: sql`1` }).from(subjects).where(and(eq(subjects.id, materials.subjectId), isNull(subjects.deletedAt))),
);
const thread = {
  id: threads.id,
  title: threads.title,
  material: sql`(${db
    .select({ id: materials.id })
    .from(materials)
    .where(and(eq(materials.id, threads.materialId), isNull(materials.deletedAt), isLiveMaterial))})`,
  message_count: sql`(${db
    .select({ count: count() })
    .from(messages)
    .where(and(eq(messages.threadId, threads.id), isNull(messages.deletedAt)))})`.mapWith(Number),
  last_message: sql`(${db
    .select({
      preview: sql`json_build_object('seq', ${messages.seq}, 'role', ${messages.role},
        'content', left(${messages.content}, ${sql.raw(String(PREVIEW))}),
        'created_at', to_char(${messages.createdAt}, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))`,
    })
    .from(messages)
    .where(and(eq(messages.threadId, threads.id), isNull(messages.deletedAt)))
    .orderBy(desc(messages.seq))
    .limit(sql.raw("1"))})`,
  created_at: threads.createdAt,
  updated_at: threads.updatedAt,
};

const totalOf = (table, own) =>
  sql`(${db.select({ count: count() }).from(table).where(and(own(table.userId), isNull(table.deletedAt)))})`.mapWith(Number);

const readThread = read("thread", (db, own, value) =>
  db
    .select(thread)
    .from(threads)
    .where(and(eq(threads.id, value("key")), isNull(threads.deletedAt), own(threads.userId))),
);

const readThreads = read("threads", (db, own) =>
  db
    .select({ total: totalOf(threads, own), item: thread })
    .from(threads)
    .where(and(isNull(threads.deletedAt), own(threads.userId)))
    .orderBy(desc(threads.updatedAt), desc(threads.id))
    .limit(PAGE),
);

const readMessages = read("messages", (db, own, value) =>
  db
    .select({
      id: messages.id,
      seq: messages.seq,
      role: messages.role,
      content: messages.content,
      parts: messages.parts,
      attachments: messages.attachments,
      metadata: messages.metadata,
      created_at: messages.createdAt,
      updated_at: messages.updatedAt,
    })
    .from(messages)
    .innerJoin(threads, eq(messages.threadId, threads.id))
    .where(
      and(
        eq(messages.threadId, value("key")),
        isNull(messages.deletedAt),
        isNull(threads.deletedAt),
        own(threads.userId),
      ),
    )
    .orderBy(desc(messages.seq))
    .limit(WINDOW + 1),
);

const isMember = (own) =>
  exists(db.select({ one: sql`1` }).from(members).where(and(eq(members.roomId, rooms.id), own(members.userId))));

const roomMessage = {
  id: roomMessages.id,
  seq: roomMessages.seq,
  revision: roomMessages.revision,
  type: roomMessages.type,
  content: roomMessages.content,
  reply_to: roomMessages.replyTo,
  edited_at: roomMessages.editedAt,
  created_at: roomMessages.createdAt,
  updated_at: roomMessages.updatedAt,
};

const readRoomMessages = read("room_messages", (db, own, value) =>
  db
    .select({
      revision: rooms.lastRevision,
      item: roomMessage,
      user: author,
      userDeletedAt: users.deletedAt,
    })
    .from(roomMessages)
    .innerJoin(rooms, eq(roomMessages.roomId, rooms.id))
    .leftJoin(users, eq(roomMessages.userId, users.id))
    .where(
      and(eq(roomMessages.roomId, value("key")), isNull(roomMessages.deletedAt), isNull(rooms.deletedAt), isMember(own)),
    )
    .orderBy(desc(roomMessages.seq))
    .limit(WINDOW + 1),
);

const namesOf = (links, labels) =>
  sql`to_json(array(${db
    .select({ name: labels.name })
    .from(links)
    .innerJoin(labels, eq(links.labelId, labels.id))
    .where(eq(links.videoId, videos.id))
    .orderBy(asc(sql`${labels.nameKey} collate "C"`))}))`;
const numberOf = (rows) =>
  sql`(${db.select({ count: count() }).from(rows).where(eq(rows.videoId, videos.id))})`.mapWith(Number);

const readVideos = read("videos", (db, own) =>
  db
    .select({
      total: totalOf(videos, own),
      item: {
        id: videos.id,
        youtube_url: videos.youtubeUrl,
        youtube_id: videos.youtubeId,
        title: videos.title,
        description: videos.description,
        channel_name: videos.channelName,
        duration: videos.duration,
        thumbnail_url: videos.thumbnailUrl,
        summary: videos.summary,
        processing_status: videos.processingStatus,
        processing_error: videos.processingError,
        progress: videos.progress,
        current_step: videos.currentStep,
        attempts: videos.attempts,
        completed_at: videos.completedAt,
        tags: namesOf(videoTags, tags),
        categories: namesOf(videoCategories, categories),
        tag_count: numberOf(videoTags),
        keyframe_count: numberOf(keyframes),
        created_at: videos.createdAt,
        updated_at: videos.updatedAt,
      },
    })
    .from(videos)
    .where(and(isNull(videos.deletedAt), own(videos.userId)))
    .orderBy(desc(videos.createdAt), desc(videos.id))
    .limit(PAGE),
);

const app = new Hono();

app.use("/api/v1/*", async (context, next) => {
  const [scheme, token] = (context.req.header("authorization") ?? "").split(" ");
  if (scheme !== "Bearer" || !token) return context.json({}, 401);
  const values = { digest: createHash("sha256").update(token).digest("hex") };
  if (!isOneStatement || context.req.method !== "GET") {
    const [person] = await openSession(values);
    if (!person) return context.json({}, 401);
    values.viewer = person.id;
    context.set("person", person);
  }
  context.set("values", values);
  await next();
});

const valuesOf = (context) => {
  const key = context.req.param("key");
  return key === undefined ? context.get("values") : { ...context.get("values"), key };
};

// Nothing was found: who asks has no session, or what they ask for is not theirs. (Lyceum also tells what is
// empty from what is not there; none of what is measured is empty.)
async function nothing(context) {
  const isOpen = context.get("values").viewer || (await openSession(context.get("values"))).length;
  return context.json({}, isOpen ? 404 : 401);
}

const paged = (rows) => ({
  items: rows.map((row) => row.item),
  total: rows[0].total,
  page: 1,
  page_size: PAGE,
  has_more: rows[0].total > PAGE,
});

app.get("/api/v1/threads/", async (context) => {
  const rows = await readThreads(valuesOf(context));
  return rows.length ? context.json(paged(rows)) : nothing(context);
});

app.get("/api/v1/video-summaries/", async (context) => {
  const rows = await readVideos(valuesOf(context));
  return rows.length ? context.json(paged(rows)) : nothing(context);
});

app.use("/api/v1/:kind/:key/*", async (context, next) =>
  KEY.test(context.req.param("key")) ? next() : context.json({}, 404),
);

app.get("/api/v1/threads/:key/", async (context) => {
  const [row] = await readThread(valuesOf(context));
  return row ? context.json(row) : nothing(context);
});

app.get("/api/v1/threads/:key/messages/", async (context) => {
  const rows = await readMessages(valuesOf(context));
  if (!rows.length) return nothing(context);
  return context.json({ items: rows.slice(0, WINDOW).reverse(), has_more: rows.length > WINDOW });
});

app.get("/api/v1/rooms/:key/messages/", async (context) => {
  const rows = await readRoomMessages(valuesOf(context));
  if (!rows.length) return nothing(context);
  const items = rows.slice(0, WINDOW).reverse();
  return context.json({
    items: items.map(({ item, user, userDeletedAt }) => ({ ...item, user: userDeletedAt || !user ? NOBODY : user })),
    has_more: rows.length > WINDOW,
    last_revision: rows[0].revision,
  });
});

// Drizzle binds a prepared statement to its connection, which a transaction has of its own: it is built anew each
// time, and parsed by the database once.
const send = (name, query) => (isPrepared ? query.prepare(name).execute() : query);

// Numbers are given under the lock of the room's row, and only then it is asked who is in the room.
const post = (viewer, key, content) =>
  db.transaction(async (transaction) => {
    const [room] = await send(
      "number",
      transaction
        .update(rooms)
        .set({
          lastSeq: sql`${rooms.lastSeq} + 1`,
          lastRevision: sql`${rooms.lastRevision} + 1`,
          updatedAt: sql`greatest(${rooms.updatedAt}, statement_timestamp())`,
        })
        .where(eq(rooms.id, key))
        .returning({ seq: rooms.lastSeq, revision: rooms.lastRevision, at: rooms.updatedAt }),
    );
    if (!room) return null;
    const [open] = await send(
      "is_open",
      transaction
        .select({ id: rooms.id })
        .from(rooms)
        .where(and(eq(rooms.id, key), isNull(rooms.deletedAt), isMember((column) => eq(column, viewer)))),
    );
    if (!open) return transaction.rollback();
    const [row] = await send(
      "post",
      transaction
        .insert(roomMessages)
        .values({
          id: randomUUID(),
          roomId: key,
          userId: viewer,
          seq: room.seq,
          revision: room.revision,
          type: "text",
          content,
          createdAt: room.at,
          updatedAt: room.at,
        })
        .returning(roomMessage),
    );
    return row;
  });

app.post("/api/v1/rooms/:key/messages/", async (context) => {
  const { content } = await context.req.json();
  if (typeof content !== "string" || !content || content.length > 10000) return context.json({}, 400);
  const person = context.get("person");
  let row;
  try {
    row = await post(person.id, context.req.param("key"), content);
  } catch (error) {
    if (!(error instanceof TransactionRollbackError)) throw error;
  }
  return row ? context.json({ ...row, user: person }, 201) : context.json({}, 404);
});

export default app;
