-- What the unread count was before each change: a reader in the middle of a stream who is caught up gets every count as it
-- was. Rows from before have none.
ALTER TABLE changes ADD COLUMN unreadBefore INTEGER;
