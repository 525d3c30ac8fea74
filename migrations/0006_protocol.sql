ALTER TABLE "action_runs" ADD COLUMN "waits_since" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "action_runs" ADD COLUMN "undoes" bigint;--> statement-breakpoint
ALTER TABLE "system_state" ADD COLUMN "unreachable_since" timestamp with time zone;--> statement-breakpoint
CREATE INDEX "action_runs_undoes" ON "action_runs" USING btree ("undoes") WHERE undoes is not null;