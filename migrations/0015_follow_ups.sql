CREATE TABLE "follow_ups" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "follow_ups_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"cause" text NOT NULL,
	"card" text NOT NULL,
	"title" text NOT NULL,
	"words" text NOT NULL,
	"tone" text NOT NULL,
	"tell" jsonb NOT NULL,
	"at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX "follow_ups_cause" ON "follow_ups" USING btree ("cause");--> statement-breakpoint
CREATE INDEX "follow_ups_at" ON "follow_ups" USING btree ("at");