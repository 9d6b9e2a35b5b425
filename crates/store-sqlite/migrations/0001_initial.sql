-- Instants are whole milliseconds since the epoch, UTC. A table keyed by the user keeps the rows of one user together.

CREATE TABLE secrets (
    name TEXT NOT NULL PRIMARY KEY,
    value BLOB NOT NULL
) STRICT;

-- Kept in the order in which it is listed: the unread of a user, then the read, each by position. So that a new
-- notification touches one page here, however large the table, and no list sorts or skips.
CREATE TABLE notifications (
    id TEXT NOT NULL,
    userId TEXT NOT NULL,
    type TEXT NOT NULL DEFAULT 'INFO',
    title TEXT NOT NULL,
    body TEXT,
    link TEXT,
    readAt INTEGER,
    createdAt INTEGER NOT NULL,
    category TEXT,
    data TEXT,
    isRead INTEGER NOT NULL DEFAULT 0 CHECK (isRead = (readAt IS NOT NULL)),
    seq INTEGER NOT NULL, -- the change that created it
    stateSeq INTEGER, -- its last change of the read state
    PRIMARY KEY (userId, isRead, seq)
) WITHOUT ROWID, STRICT;

CREATE UNIQUE INDEX notifications_id ON notifications (id);

CREATE TABLE notification_preferences (
    id TEXT NOT NULL UNIQUE,
    userId TEXT NOT NULL PRIMARY KEY,
    inApp INTEGER NOT NULL DEFAULT 1,
    email INTEGER NOT NULL DEFAULT 1,
    categories TEXT NOT NULL DEFAULT '{}' -- {"billing": {"email": false}}
) WITHOUT ROWID, STRICT;

CREATE TABLE inboxes (
    userId TEXT NOT NULL PRIMARY KEY,
    seq INTEGER NOT NULL,
    unread INTEGER NOT NULL,
    prunedSeq INTEGER NOT NULL, -- the last change that can no longer be replayed
    changedAt INTEGER NOT NULL -- never goes back, whatever the clock does
) WITHOUT ROWID, STRICT;

-- Every change but creations, which are the notifications themselves.
CREATE TABLE changes (
    userId TEXT NOT NULL,
    seq INTEGER NOT NULL,
    kind TEXT NOT NULL, -- read, unread, deleted, all_read, preferences
    notificationId TEXT,
    at INTEGER, -- read, all_read
    upToSeq INTEGER, -- all_read
    category TEXT, -- all_read
    createdAt INTEGER NOT NULL, -- the inbox's changedAt: in one inbox it grows with seq
    PRIMARY KEY (userId, seq)
) WITHOUT ROWID, STRICT;

CREATE INDEX changes_age ON changes (createdAt);

CREATE TABLE categories (
    key TEXT NOT NULL PRIMARY KEY,
    label TEXT NOT NULL, -- [["en", "Billing"], ["fr", "Facturation"]], in the order given
    description TEXT NOT NULL,
    defaultInApp INTEGER NOT NULL,
    defaultEmail INTEGER NOT NULL,
    mandatoryInApp INTEGER NOT NULL,
    mandatoryEmail INTEGER NOT NULL
) WITHOUT ROWID, STRICT;

CREATE TABLE contacts (
    userId TEXT NOT NULL PRIMARY KEY,
    email TEXT,
    name TEXT,
    locale TEXT,
    timezone TEXT
) WITHOUT ROWID, STRICT;

-- Sessions that ended and inboxes that were erased, by a keyed digest of the user's id: what an erase leaves.
CREATE TABLE departures (
    digest BLOB NOT NULL PRIMARY KEY,
    revokedAt INTEGER NOT NULL,
    erasedSeq INTEGER,
    erasedAt INTEGER
) WITHOUT ROWID, STRICT;

CREATE TABLE api_keys (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    digest BLOB NOT NULL,
    scopes TEXT NOT NULL, -- names, separated by blanks
    createdAt INTEGER NOT NULL,
    revokedAt INTEGER
) WITHOUT ROWID, STRICT;

CREATE TABLE idempotency (
    slot BLOB NOT NULL PRIMARY KEY,
    request BLOB NOT NULL,
    answer BLOB NOT NULL,
    createdAt INTEGER NOT NULL
) WITHOUT ROWID, STRICT;

CREATE INDEX idempotency_age ON idempotency (createdAt);
