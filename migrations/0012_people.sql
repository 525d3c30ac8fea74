ALTER TABLE "identities" ADD COLUMN "email" text;--> statement-breakpoint
ALTER TABLE "identities" ADD COLUMN "is_apart" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "identities" ADD COLUMN "groups" text[] DEFAULT '{}' NOT NULL;--> statement-breakpoint
ALTER TABLE "identities" ADD COLUMN "groups_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "persons" ADD COLUMN "merged_into" bigint;--> statement-breakpoint
ALTER TABLE "persons" ADD COLUMN "linked_by" bigint;--> statement-breakpoint
ALTER TABLE "persons" ADD COLUMN "linked_at" timestamp with time zone;--> statement-breakpoint
-- Until now one row could have several identities. The first keeps it, the others are joined to it: nothing else changes.
DO $$
DECLARE
  extra record;
  made bigint;
BEGIN
  FOR extra IN
    SELECT surface, external_id, person_id FROM (
      SELECT *, row_number() OVER (PARTITION BY person_id ORDER BY surface, external_id) AS place FROM "identities") i
    WHERE place > 1
  LOOP
    INSERT INTO "persons" (name, created_at, merged_into)
      SELECT name, created_at, id FROM "persons" WHERE id = extra.person_id RETURNING id INTO made;
    UPDATE "identities" SET person_id = made WHERE surface = extra.surface AND external_id = extra.external_id;
  END LOOP;
END $$;--> statement-breakpoint
CREATE UNIQUE INDEX "identities_person" ON "identities" USING btree ("person_id");--> statement-breakpoint
CREATE INDEX "identities_email" ON "identities" USING btree ("email") WHERE email is not null;--> statement-breakpoint
CREATE INDEX "persons_standing" ON "persons" USING btree (coalesce(merged_into, id));