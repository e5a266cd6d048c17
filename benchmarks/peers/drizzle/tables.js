// Lyceum's tables as Drizzle's schema: the columns that these endpoints touch.
import { bigint, boolean, customType, integer, jsonb, pgTable, smallint, text, uuid, varchar } from "drizzle-orm/pg-core";

// "2026-01-31 12:00:00.5+00", as PostgreSQL writes it, in Lyceum's form. A Date would lose the microseconds.
const time = customType({
  dataType: () => "timestamp with time zone",
  fromDriver: (value) => `${value.slice(0, 10)}T${value.slice(11, 19)}.${value.slice(20, -3).padEnd(6, "0")}Z`,
});
const number = (name) => bigint(name, { mode: "number" });
const dated = { id: uuid("id").primaryKey(), createdAt: time("created_at"), updatedAt: time("updated_at") };

export const users = pgTable("accounts_user", {
  ...dated,
  deletedAt: time("deleted_at"),
  isActive: boolean("is_active"),
  name: varchar("name"),
  username: varchar("username"),
  image: varchar("image"),
});

export const sessions = pgTable("accounts_session", {
  ...dated,
  tokenDigest: varchar("token_digest"),
  expiresAt: time("expires_at"),
  userId: uuid("user_id"),
});

export const subjects = pgTable("materials_subject", { ...dated, deletedAt: time("deleted_at") });

export const materials = pgTable("materials_material", {
  ...dated,
  deletedAt: time("deleted_at"),
  subjectId: uuid("subject_id"),
});

export const threads = pgTable("threads_thread", {
  ...dated,
  deletedAt: time("deleted_at"),
  title: varchar("title"),
  materialId: uuid("material_id"),
  userId: uuid("user_id"),
});

export const messages = pgTable("threads_message", {
  ...dated,
  deletedAt: time("deleted_at"),
  threadId: uuid("thread_id"),
  seq: number("seq"),
  role: varchar("role"),
  content: text("content"),
  parts: jsonb("parts"),
  attachments: jsonb("attachments"),
  metadata: jsonb("metadata"),
});

export const rooms = pgTable("chatrooms_room", {
  ...dated,
  deletedAt: time("deleted_at"),
  lastSeq: number("last_seq"),
  lastRevision: number("last_revision"),
});

export const members = pgTable("chatrooms_roommember", {
  ...dated,
  roomId: uuid("room_id"),
  userId: uuid("user_id"),
});

export const roomMessages = pgTable("chatrooms_roommessage", {
  ...dated,
  deletedAt: time("deleted_at"),
  roomId: uuid("room_id"),
  userId: uuid("user_id"),
  seq: number("seq"),
  revision: number("revision"),
  type: varchar("type"),
  content: text("content"),
  replyTo: uuid("reply_to_id"),
  editedAt: time("edited_at"),
});

export const videos = pgTable("media_summaries_videosummary", {
  ...dated,
  deletedAt: time("deleted_at"),
  userId: uuid("user_id"),
  youtubeUrl: varchar("youtube_url"),
  youtubeId: varchar("youtube_id"),
  title: varchar("title"),
  description: text("description"),
  channelName: varchar("channel_name"),
  duration: integer("duration"),
  thumbnailUrl: varchar("thumbnail_url"),
  summary: text("summary"),
  processingStatus: varchar("processing_status"),
  processingError: text("processing_error"),
  progress: smallint("progress"),
  currentStep: varchar("current_step"),
  attempts: integer("attempts"),
  completedAt: time("completed_at"),
});

const labels = (name) => pgTable(name, { ...dated, name: varchar("name"), nameKey: varchar("name_key") });

export const tags = labels("media_summaries_tag");
export const categories = labels("media_summaries_category");

export const videoTags = pgTable("media_summaries_videosummarytag", {
  ...dated,
  videoId: uuid("video_summary_id"),
  labelId: uuid("tag_id"),
});

export const videoCategories = pgTable("media_summaries_videosummarycategory", {
  ...dated,
  videoId: uuid("video_summary_id"),
  labelId: uuid("category_id"),
});

export const keyframes = pgTable("media_summaries_keyframe", { ...dated, videoId: uuid("video_summary_id") });
