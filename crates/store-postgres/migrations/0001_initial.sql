-- The two tables of the module are the host's as well: in `public`, with Prisma's names and types, and there already
-- when the host has made them. All others are in `grelot`, where a host's tools do not look. There an instant is whole
-- milliseconds since the epoch.

CREATE SCHEMA IF NOT EXISTS grelot;

DO $$
BEGIN
    IF to_regtype('public."NotificationType"') IS NULL THEN
        CREATE TYPE public."NotificationType" AS ENUM ('INFO', 'SUCCESS', 'WARNING', 'ERROR');
    END IF;
END
$$;

CREATE TABLE IF NOT EXISTS public.notifications (
    "id" TEXT NOT NULL,
    "userId" TEXT NOT NULL,
    "type" public."NotificationType" NOT NULL DEFAULT 'INFO',
    "title" TEXT NOT NULL,
    "body" TEXT,
    "link" TEXT,
    "readAt" TIMESTAMP(3),
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "notifications_pkey" PRIMARY KEY ("id")
);

CREATE INDEX IF NOT EXISTS "notifications_userId_readAt_idx" ON public.notifications ("userId", "readAt");

-- json and not jsonb: data comes back as it was sent.
ALTER TABLE public.notifications
    ADD COLUMN IF NOT EXISTS "category" TEXT,
    ADD COLUMN IF NOT EXISTS "data" JSON,
    ADD COLUMN IF NOT EXISTS "seq" BIGINT,
    ADD COLUMN IF NOT EXISTS "stateSeq" BIGINT;

-- The two sections of every list, each in its order. Prisma does not look at partial indexes.
CREATE INDEX IF NOT EXISTS "notifications_unread_idx" ON public.notifications ("userId", "seq")
    WHERE "readAt" IS NULL;
CREATE INDEX IF NOT EXISTS "notifications_read_idx" ON public.notifications ("userId", "seq")
    WHERE "readAt" IS NOT NULL;

-- What was read is found by its age, for those who do not keep it for ever.
CREATE INDEX IF NOT EXISTS "notifications_readAt_idx" ON public.notifications ("readAt") WHERE "readAt" IS NOT NULL;

CREATE TABLE IF NOT EXISTS public.notification_preferences (
    "id" TEXT NOT NULL,
    "userId" TEXT NOT NULL,
    "inApp" BOOLEAN NOT NULL DEFAULT true,
    "email" BOOLEAN NOT NULL DEFAULT true,
    "categories" JSONB NOT NULL DEFAULT '{}',
    CONSTRAINT "notification_preferences_pkey" PRIMARY KEY ("id")
);

CREATE UNIQUE INDEX IF NOT EXISTS "notification_preferences_userId_key"
    ON public.notification_preferences ("userId");

CREATE TABLE grelot.secrets (
    name TEXT NOT NULL PRIMARY KEY,
    value BYTEA NOT NULL
);

-- Room on each page for the next version of its rows: the hot path then touches no index.
CREATE TABLE grelot.inboxes (
    "userId" TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    seq BIGINT NOT NULL DEFAULT 0,
    unread BIGINT NOT NULL DEFAULT 0,
    "prunedSeq" BIGINT NOT NULL DEFAULT 0, -- the last change that can no longer be replayed
    "historyAt" BIGINT NOT NULL DEFAULT 0 -- the age of the last change in `changes`; never goes back
) WITH (fillfactor = 60);

-- Every change but creations, which are the notifications themselves.
CREATE TABLE grelot.changes (
    "userId" TEXT COLLATE "C" NOT NULL,
    seq BIGINT NOT NULL,
    kind TEXT NOT NULL, -- read, unread, deleted, all_read, preferences
    "notificationId" TEXT,
    at BIGINT, -- read, all_read
    "upToSeq" BIGINT, -- all_read
    category TEXT, -- all_read
    "createdAt" BIGINT NOT NULL, -- the inbox's historyAt: in one inbox it grows with seq
    "unreadBefore" BIGINT NOT NULL, -- the unread count before it
    PRIMARY KEY ("userId", seq)
);

CREATE INDEX changes_age ON grelot.changes ("createdAt", "userId", seq);

CREATE TABLE grelot.categories (
    key TEXT NOT NULL PRIMARY KEY,
    label TEXT NOT NULL, -- [["en", "Billing"], ["fr", "Facturation"]], in the order given
    description TEXT NOT NULL,
    "defaultInApp" BOOLEAN NOT NULL,
    "defaultEmail" BOOLEAN NOT NULL,
    "mandatoryInApp" BOOLEAN NOT NULL,
    "mandatoryEmail" BOOLEAN NOT NULL
);

CREATE TABLE grelot.contacts (
    "userId" TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    email TEXT,
    name TEXT,
    locale TEXT,
    timezone TEXT
);

-- Sessions that ended and inboxes that were erased, by a keyed digest of the user's id: what an erase leaves.
CREATE TABLE grelot.departures (
    digest BYTEA NOT NULL PRIMARY KEY,
    "revokedAt" BIGINT NOT NULL,
    "erasedSeq" BIGINT,
    "erasedAt" BIGINT,
    -- By the clock of the database, which all nodes share: other nodes look for what is new.
    "stampedAt" BIGINT NOT NULL DEFAULT (extract(epoch FROM clock_timestamp()) * 1000)
);

CREATE INDEX departures_stamp ON grelot.departures ("stampedAt");

CREATE TABLE grelot.api_keys (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    digest BYTEA NOT NULL,
    scopes TEXT NOT NULL, -- names, separated by blanks
    "createdAt" BIGINT NOT NULL,
    "revokedAt" BIGINT
);

CREATE TABLE grelot.idempotency (
    slot BYTEA NOT NULL PRIMARY KEY,
    request BYTEA NOT NULL,
    answer BYTEA NOT NULL,
    "createdAt" BIGINT NOT NULL
);

CREATE INDEX idempotency_age ON grelot.idempotency ("createdAt");
