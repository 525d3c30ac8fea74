DROP INDEX "subject_objects_object";--> statement-breakpoint
ALTER TABLE "subject_objects" ADD COLUMN "timeline" text;--> statement-breakpoint
UPDATE "subject_objects" so SET "timeline" = s."timeline" FROM "subjects" s WHERE s."id" = so."subject_id";--> statement-breakpoint
ALTER TABLE "subject_objects" ALTER COLUMN "timeline" SET NOT NULL;--> statement-breakpoint
CREATE INDEX "subject_objects_object" ON "subject_objects" USING btree ("timeline","system","type","external_id");--> statement-breakpoint
CREATE INDEX "expectations_waiting" ON "expectations" USING btree ("timeline","due_at") WHERE waiting_for is not null;--> statement-breakpoint
-- Objects are written again and again: with room on the page a new version stays there, and out of the indexes.
ALTER TABLE "objects" SET (fillfactor = 80);
