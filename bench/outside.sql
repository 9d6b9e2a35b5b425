-- What a statement of another program costs that inserts notifications: the triggers on the host's table write down each
-- row. Run with psql on a database that Grelot has migrated; what it inserts is rolled back.

BEGIN;
DO $$
DECLARE
    sizes INTEGER[] := ARRAY[2000, 20000];
    size INTEGER;
    round INTEGER;
    began TIMESTAMPTZ;
    took DOUBLE PRECISION;
    best DOUBLE PRECISION;
    costs DOUBLE PRECISION[] := '{}';
BEGIN
    FOREACH size IN ARRAY sizes LOOP
        best := NULL;
        FOR round IN 1..5 LOOP
            began := clock_timestamp();
            INSERT INTO public.notifications (id, "userId", title)
                SELECT format('bench-%s-%s-%s', size, round, n), 'bench ' || n % 500, 'Invoice ready'
                FROM generate_series(1, size) AS n;
            took := extract(epoch FROM clock_timestamp() - began) * 1000000 / size;
            best := least(best, took);
        END LOOP;
        RAISE NOTICE '% rows in one statement: % us a row', size, round(best::numeric, 1);
        costs := costs || best;
    END LOOP;
    RAISE NOTICE 'ratio: % (at most 2)', round((costs[2] / costs[1])::numeric, 2);
END
$$;
ROLLBACK;
