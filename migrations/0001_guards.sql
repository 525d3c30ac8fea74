-- Months of `signals` and `facts`. The default partitions catch what no month covers, so that a clock that is
-- wrong, or a missed schedule, loses nothing.
CREATE TABLE "signals_default" PARTITION OF "signals" DEFAULT;--> statement-breakpoint
CREATE TABLE "facts_default" PARTITION OF "facts" DEFAULT;--> statement-breakpoint
-- Rows of a month may have come before its partition, and lie in the default one: they move.
CREATE FUNCTION baton_ensure_month(parent text, month date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  first timestamptz := date_trunc('month', month::timestamp) AT TIME ZONE 'UTC';
  following timestamptz := (date_trunc('month', month::timestamp) + interval '1 month') AT TIME ZONE 'UTC';
  part text := parent || to_char(month, '_YYYY_MM');
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('baton_ensure_month'));
  IF to_regclass(part) IS NOT NULL THEN
    RETURN;
  END IF;
  EXECUTE format('LOCK TABLE %I IN ACCESS EXCLUSIVE MODE', parent || '_default');
  EXECUTE format('CREATE TABLE %I (LIKE %I)', part, parent);
  EXECUTE format('WITH moved AS (DELETE FROM %I WHERE received_at >= %L AND received_at < %L RETURNING *) INSERT INTO %I SELECT * FROM moved', parent || '_default', first, following, part);
  EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', parent, part, first, following);
END $$;--> statement-breakpoint
-- The log of interventions is the only source of every figure: nobody edits it, not even Baton.
CREATE FUNCTION baton_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;--> statement-breakpoint
CREATE TRIGGER interventions_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON "interventions" FOR EACH STATEMENT EXECUTE FUNCTION baton_append_only();--> statement-breakpoint
-- Every replica hears at once that an exception has something new to show.
CREATE FUNCTION baton_announce_exception() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('baton_exception', json_build_object('exception', NEW.id::text, 'version', NEW.version, 'channel', NEW.channel)::text);
  RETURN NULL;
END $$;--> statement-breakpoint
CREATE TRIGGER exceptions_announce AFTER INSERT OR UPDATE OF revision ON "exceptions" FOR EACH ROW WHEN (NEW.timeline = 'live') EXECUTE FUNCTION baton_announce_exception();
