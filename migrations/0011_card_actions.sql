CREATE TABLE "handover_items" (
	"handover_id" bigint NOT NULL,
	"exception_id" bigint NOT NULL,
	"claimed_by" bigint NOT NULL,
	"claimed_at" timestamp with time zone NOT NULL,
	CONSTRAINT "handover_items_handover_id_exception_id_pk" PRIMARY KEY("handover_id","exception_id")
);
--> statement-breakpoint
CREATE TABLE "handovers" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "handovers_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"channel" text NOT NULL,
	"ended_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "retired_notes" (
	"intervention_id" bigint PRIMARY KEY NOT NULL,
	"person_id" bigint NOT NULL,
	"at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
ALTER TABLE "exceptions" ADD COLUMN "assigned_by" bigint;--> statement-breakpoint
ALTER TABLE "exceptions" ADD COLUMN "free_since" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "exceptions" ADD COLUMN "snoozed_until" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "exceptions" ADD COLUMN "snoozed_magnitude" double precision;--> statement-breakpoint
ALTER TABLE "exceptions" ADD COLUMN "escalated_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "exceptions" ADD COLUMN "escalated_to" text;--> statement-breakpoint
CREATE UNIQUE INDEX "handovers_one" ON "handovers" USING btree ("channel","ended_at");--> statement-breakpoint
CREATE INDEX "handovers_ended" ON "handovers" USING btree ("ended_at");--> statement-breakpoint
CREATE INDEX "exceptions_claimed" ON "exceptions" USING btree ("id") WHERE state = 'open' and claimed_by is not null;--> statement-breakpoint
CREATE INDEX "exceptions_snoozed" ON "exceptions" USING btree ("snoozed_until") WHERE state = 'open' and snoozed_until is not null;--> statement-breakpoint
CREATE INDEX "exceptions_free" ON "exceptions" USING btree ("route_reason",coalesce(free_since, opened_at)) WHERE state = 'open' and claimed_by is null and snoozed_until is null and escalated_at is null and root_id is null;--> statement-breakpoint
CREATE INDEX "interventions_notes" ON "interventions" USING btree ("contract","id") WHERE note is not null and kind = 'press' and action in ('note', 'fixed_by_hand');