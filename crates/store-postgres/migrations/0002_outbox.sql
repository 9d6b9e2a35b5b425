-- Email: what categories and users say about it, and the outbox. Every new column has a default, so that a node of the
-- version before runs beside this one.

ALTER TABLE grelot.categories
    ADD COLUMN "mailMode" TEXT NOT NULL DEFAULT 'unread', -- now, unread, digest
    ADD COLUMN "mailDelay" BIGINT NOT NULL DEFAULT 5, -- minutes
    ADD COLUMN "mailTemplates" TEXT NOT NULL DEFAULT '[]'; -- [["fr", "subject", "html", "text"]]

-- Not in `notification_preferences`, which is the host's.
CREATE TABLE grelot.mail_preferences (
    "userId" TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    "quietHours" TEXT, -- 22:00-07:00
    "emailDigest" TEXT NOT NULL DEFAULT 'off', -- off, hourly, daily
    "emailDigestHour" SMALLINT NOT NULL DEFAULT 9
);

-- Intents to reach users outside the inbox. A digest is a row of its own; what it collects points at it.
CREATE TABLE grelot.deliveries (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    "userId" TEXT COLLATE "C" NOT NULL,
    channel TEXT NOT NULL DEFAULT 'email',
    "notificationId" TEXT, -- null: a digest
    seq BIGINT, -- of the notification's row; null when there never was one
    content TEXT, -- the notification that never had a row
    category TEXT,
    "inAppRule" TEXT NOT NULL,
    rule TEXT NOT NULL,
    "digestId" TEXT COLLATE "C", -- the digest that collects it
    state TEXT NOT NULL, -- pending, sending, collected, sent, skipped, dead
    "readyAt" BIGINT NOT NULL, -- when it became due: the order of a user's deliveries
    "dueAt" BIGINT NOT NULL, -- when it is tried next; later than readyAt also while an earlier one is in the way
    "startedAt" BIGINT, -- the attempt that is being made, or was made last
    "leasedUntil" BIGINT,
    token BIGINT NOT NULL DEFAULT 0, -- fencing: grows with each lease
    failures BIGINT NOT NULL DEFAULT 0,
    lost BIGINT NOT NULL DEFAULT 0, -- workers that went away with it
    reason TEXT, -- why it was skipped or given up
    "createdAt" BIGINT NOT NULL,
    "endedAt" BIGINT
);

CREATE INDEX deliveries_due ON grelot.deliveries ("dueAt", "readyAt", id) WHERE state = 'pending';
CREATE INDEX deliveries_leased ON grelot.deliveries ("leasedUntil") WHERE state = 'sending';
-- One delivery of a user is out at a time, whichever nodes ask.
CREATE UNIQUE INDEX deliveries_out ON grelot.deliveries ("userId") WHERE state = 'sending';
-- The one that is out comes first.
CREATE INDEX deliveries_queue ON grelot.deliveries ("userId", (state = 'pending'), "readyAt", id)
    WHERE state IN ('pending', 'sending');
CREATE INDEX deliveries_collecting ON grelot.deliveries ("userId", "readyAt", id)
    WHERE state = 'pending' AND "notificationId" IS NULL;
CREATE INDEX deliveries_state ON grelot.deliveries (state, id);
CREATE INDEX deliveries_user ON grelot.deliveries ("userId", id);
CREATE INDEX deliveries_notification ON grelot.deliveries ("notificationId", id) WHERE "notificationId" IS NOT NULL;
CREATE INDEX deliveries_digest ON grelot.deliveries ("digestId", "createdAt", id) WHERE "digestId" IS NOT NULL;
CREATE INDEX deliveries_ended ON grelot.deliveries ("endedAt") WHERE "endedAt" IS NOT NULL;

CREATE TABLE grelot.attempts (
    "deliveryId" TEXT COLLATE "C" NOT NULL,
    number BIGINT NOT NULL,
    "startedAt" BIGINT NOT NULL,
    "endedAt" BIGINT NOT NULL,
    outcome TEXT NOT NULL, -- sent, failed, refused, lost
    answer TEXT NOT NULL,
    PRIMARY KEY ("deliveryId", number)
);
