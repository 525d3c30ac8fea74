CREATE TABLE "batch_members" (
	"batch_id" bigint NOT NULL,
	"place" integer NOT NULL,
	"exception_id" bigint NOT NULL,
	"version" integer NOT NULL,
	"name" text NOT NULL,
	"actions" text[] NOT NULL,
	"state" text NOT NULL,
	"words" text DEFAULT '' NOT NULL,
	"run_id" bigint,
	CONSTRAINT "batch_members_batch_id_place_pk" PRIMARY KEY("batch_id","place")
);
--> statement-breakpoint
CREATE TABLE "batches" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "batches_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"contract" text NOT NULL,
	"state" text NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"revision" integer DEFAULT 1 NOT NULL,
	"offers" jsonb NOT NULL,
	"chosen" jsonb,
	"channel" text NOT NULL,
	"asked_by" bigint NOT NULL,
	"asked_at" timestamp with time zone NOT NULL,
	"started_by" bigint,
	"started_at" timestamp with time zone,
	"stopped_by" bigint,
	"finished_at" timestamp with time zone,
	"decided_by" bigint,
	"decided_at" timestamp with time zone,
	"decided_what" text,
	"decided_on_version" integer
);
--> statement-breakpoint
-- A post is of any card: what was the id of an exception becomes the name of its card.
ALTER TABLE "posts" ADD COLUMN "card" text;--> statement-breakpoint
UPDATE "posts" SET "card" = "exception_id"::text;--> statement-breakpoint
ALTER TABLE "posts" ALTER COLUMN "card" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "posts" DROP CONSTRAINT "posts_exception_id_surface_pk";--> statement-breakpoint
ALTER TABLE "posts" DROP COLUMN "exception_id";--> statement-breakpoint
ALTER TABLE "posts" ADD CONSTRAINT "posts_card_surface_pk" PRIMARY KEY("card","surface");--> statement-breakpoint
ALTER TABLE "action_runs" ADD COLUMN "batch_id" bigint;--> statement-breakpoint
ALTER TABLE "interventions" ADD COLUMN "exception_ids" jsonb;--> statement-breakpoint
CREATE INDEX "batches_running" ON "batches" USING btree ("id") WHERE state = 'running';--> statement-breakpoint
CREATE INDEX "batches_finished" ON "batches" USING btree ("finished_at") WHERE state = 'finished';--> statement-breakpoint
CREATE INDEX "batches_offered" ON "batches" USING btree ("asked_at") WHERE state = 'offered';--> statement-breakpoint
CREATE INDEX "action_runs_batch" ON "action_runs" USING btree ("system") WHERE batch_id is not null and state <> 'finished';--> statement-breakpoint
-- Every replica hears at once that a batch has something new to show; what nobody has pressed yet is nobody else's.
CREATE FUNCTION baton_announce_batch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('baton_exception', json_build_object('exception', 'batch:' || NEW.id, 'version', NEW.version, 'channel', NEW.channel)::text);
  RETURN NULL;
END $$;--> statement-breakpoint
CREATE TRIGGER batches_announce AFTER UPDATE OF revision ON "batches" FOR EACH ROW EXECUTE FUNCTION baton_announce_batch();
