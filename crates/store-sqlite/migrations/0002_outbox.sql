-- Email: what categories and users say about it, and the outbox.

ALTER TABLE categories ADD COLUMN mailMode TEXT NOT NULL DEFAULT 'unread'; -- now, unread, digest
ALTER TABLE categories ADD COLUMN mailDelay INTEGER NOT NULL DEFAULT 5; -- minutes
ALTER TABLE categories ADD COLUMN mailTemplates TEXT NOT NULL DEFAULT '[]'; -- [["fr", "subject", "html", "text"]]

ALTER TABLE notification_preferences ADD COLUMN quietHours TEXT; -- 22:00-07:00
ALTER TABLE notification_preferences ADD COLUMN emailDigest TEXT NOT NULL DEFAULT 'off'; -- off, hourly, daily
ALTER TABLE notification_preferences ADD COLUMN emailDigestHour INTEGER NOT NULL DEFAULT 9;

-- Intents to reach users outside the inbox. A digest is a row of its own; what it collects points at it.
CREATE TABLE deliveries (
    id TEXT NOT NULL PRIMARY KEY,
    userId TEXT NOT NULL,
    channel TEXT NOT NULL DEFAULT 'email',
    notificationId TEXT, -- null: a digest
    seq INTEGER, -- of the notification's row; null when there never was one
    content TEXT, -- the notification that never had a row
    category TEXT,
    inAppRule TEXT NOT NULL,
    rule TEXT NOT NULL,
    digestId TEXT, -- the digest that collects it
    state TEXT NOT NULL, -- pending, sending, collected, sent, skipped, dead
    readyAt INTEGER NOT NULL, -- when it became due: the order of a user's deliveries
    dueAt INTEGER NOT NULL, -- when it is tried next; later than readyAt also while an earlier one is in the way
    startedAt INTEGER, -- the attempt that is being made, or was made last
    leasedUntil INTEGER,
    token INTEGER NOT NULL DEFAULT 0, -- fencing: grows with each lease
    failures INTEGER NOT NULL DEFAULT 0,
    lost INTEGER NOT NULL DEFAULT 0, -- workers that went away with it
    reason TEXT, -- why it was skipped or given up
    createdAt INTEGER NOT NULL,
    endedAt INTEGER
) WITHOUT ROWID, STRICT;

CREATE INDEX deliveries_due ON deliveries (dueAt, readyAt) WHERE state = 'pending';
CREATE INDEX deliveries_leased ON deliveries (leasedUntil) WHERE state = 'sending';
CREATE INDEX deliveries_queue ON deliveries (userId, readyAt, id) WHERE state IN ('pending', 'sending');
CREATE INDEX deliveries_state ON deliveries (state, id);
CREATE INDEX deliveries_user ON deliveries (userId);
CREATE INDEX deliveries_notification ON deliveries (notificationId) WHERE notificationId IS NOT NULL;
CREATE INDEX deliveries_digest ON deliveries (digestId, createdAt) WHERE digestId IS NOT NULL;
CREATE INDEX deliveries_ended ON deliveries (endedAt) WHERE endedAt IS NOT NULL;

CREATE TABLE attempts (
    deliveryId TEXT NOT NULL,
    number INTEGER NOT NULL,
    startedAt INTEGER NOT NULL,
    endedAt INTEGER NOT NULL,
    outcome TEXT NOT NULL, -- sent, failed, refused, lost
    answer TEXT NOT NULL,
    PRIMARY KEY (deliveryId, number)
) WITHOUT ROWID, STRICT;
