//! Which rights the role lacks that migrates, and what gives them: said where PostgreSQL has refused. Not here: what the
//! rights are for (`migrations`, `joining`).

use crate::connection::Connection;
use crate::error::Failure;
use crate::migrate_error::MigrateError;
use crate::rows;

/// A line for each right that is not there.
const LACKING: &str = "
    SELECT format('GRANT CREATE ON DATABASE %I TO %I;', current_database(), current_user)
        WHERE NOT has_database_privilege(current_database(), 'CREATE')
    UNION ALL SELECT format('GRANT CREATE ON SCHEMA public TO %I;', current_user)
        WHERE NOT has_schema_privilege('public', 'CREATE')
    UNION ALL SELECT DISTINCT format('GRANT %I TO %I;  -- it owns %s', pg_get_userbyid(o.owner), current_user, o.what)
        FROM (SELECT relowner, 'the tables of the module' FROM pg_class WHERE oid IN
                (to_regclass('public.notifications'), to_regclass('public.notification_preferences'))
            UNION ALL SELECT nspowner, 'the schema grelot' FROM pg_namespace WHERE nspname = 'grelot'
        ) AS o (owner, what) WHERE NOT pg_has_role(o.owner, 'USAGE')";

/// Names the rights that are missing, if that is what `error` is about.
pub(crate) async fn explain(connection: &Connection, error: MigrateError) -> MigrateError {
    let MigrateError::Denied(why) = error else {
        return error;
    };
    match lacking(connection).await {
        Ok(lines) if !lines.is_empty() => MigrateError::Rights { why, lines: lines.join("\n  ") },
        _ => MigrateError::Denied(why),
    }
}

async fn lacking(connection: &Connection) -> Result<Vec<String>, Failure> {
    let client = connection.client()?;
    // Whatever failed may have left a transaction.
    client.batch_execute("ROLLBACK").await?;
    client.query(LACKING, &[]).await?.iter().map(|row| rows::get(row, 0, "pg_class")).collect()
}

#[cfg(test)]
mod tests {
    use crate::cluster::Database;
    use crate::error::OpenError;
    use crate::migrate_error::MigrateError;
    use crate::migrations::migrate;

    /// A role of its own in the cluster that all tests share.
    fn role(database: &Database, kind: &str) -> String {
        let name = database.run("SELECT current_database()");
        let role = format!("{name}_{kind}");
        database.run(&format!("CREATE ROLE \"{role}\" LOGIN"));
        role
    }

    /// Runs the lines of one refusal after the other until there is none; returns all lines.
    async fn grant_until_migrated(database: &Database, role: &str) -> Vec<String> {
        let mut granted = Vec::new();
        let options = format!("-c role={role}").replace(' ', "%20").replace('=', "%3D");
        let url = database.url();
        let separator = if url.contains('?') { '&' } else { '?' };
        let url = format!("{url}{separator}options={options}");
        loop {
            match migrate(&url, false).await {
                Ok(_) => return granted,
                Err(OpenError::Migrate(MigrateError::Rights { lines, .. })) => {
                    database.run(&lines);
                    granted.push(lines);
                }
                Err(other) => panic!("{other}"),
            }
            assert!(granted.len() < 3, "{granted:?}");
        }
    }

    #[tokio::test]
    async fn a_role_without_rights_is_told_what_gives_them() {
        let database = Database::new();
        let role = role(&database, "own");
        let granted = grant_until_migrated(&database, &role).await;
        let name = database.run("SELECT current_database()");
        assert!(granted[0].contains(&format!("GRANT CREATE ON DATABASE {name} TO {role};")));
        database.run(&format!(
            "REASSIGN OWNED BY {role} TO postgres; DROP OWNED BY {role}; DROP ROLE {role}"
        ));
    }

    #[tokio::test]
    async fn who_does_not_own_the_tables_of_the_application_is_told_whose_member_to_be() {
        let database = Database::new();
        let (owner, role) = (role(&database, "app"), role(&database, "grelot"));
        database.run(&format!(
            r#"CREATE TYPE "NotificationType" AS ENUM ('INFO', 'SUCCESS', 'WARNING', 'ERROR');
            CREATE TABLE notifications ("id" TEXT NOT NULL PRIMARY KEY, "userId" TEXT NOT NULL,
                "type" "NotificationType" NOT NULL DEFAULT 'INFO', "title" TEXT NOT NULL, "body" TEXT, "link" TEXT,
                "readAt" TIMESTAMP(3), "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP);
            ALTER TABLE notifications OWNER TO {owner};
            GRANT SELECT, INSERT, UPDATE, DELETE, TRIGGER ON notifications TO {role}"#
        ));
        let granted = grant_until_migrated(&database, &role).await;
        assert!(granted.concat().contains(&format!("GRANT {owner} TO {role};")), "{granted:?}");
        for role in [role, owner] {
            database.run(&format!(
                "REASSIGN OWNED BY {role} TO postgres; DROP OWNED BY {role}; DROP ROLE {role}"
            ));
        }
    }
}
