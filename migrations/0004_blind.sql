ALTER TABLE "system_state" ADD COLUMN "blind_from" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "system_state" ADD COLUMN "blind_to" timestamp with time zone;