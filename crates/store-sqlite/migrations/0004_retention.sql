-- What was read is found by its age, for those who do not keep it for ever.

CREATE INDEX notifications_read ON notifications (readAt) WHERE isRead = 1;
